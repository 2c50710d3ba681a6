"""API clients in the back office: seen with their state, kept apart from people, revoked for good."""

import pytest

from apps.accounts.models import AuditEvent, Seller, User
from apps.testing.back_office import desk
from apps.testing.factories import owner_of
from apps.testing.programs import make_program

pytestmark = pytest.mark.django_db


def test_a_revocation_ends_the_tokens_at_once_and_is_in_the_trail(seller: Seller) -> None:
    program, admin = make_program(seller), desk("admin")
    caller = program.log_in()

    assert admin.act("accounts_apiclient", "revoke", program.client_id).status_code == 302

    assert caller.get("auth/me/").status == 401
    assert program.ask().body["error"] == "invalid_client"
    line = AuditEvent.objects.filter(subject="accounts.apiclient").latest("pk")
    assert (line.action, line.actor, line.subject_id) == ("deactivate", admin.user, program.client_id)
    page = admin.get("accounts_apiclient_change", program.client_id).content.decode()
    assert 'name="action" value="revoke"' not in page


def test_the_page_tells_who_made_it_where_it_may_be_used_and_when_it_was(seller: Seller) -> None:
    program = make_program(seller, networks=["127.0.0.0/8", "2001:db8::/48"])
    support = desk("support")
    page = support.get("accounts_apiclient_change", program.client_id).content.decode()
    assert all(text in page for text in (program.client_id, "Till software", "127.0.0.0/8, 2001:db8::/48"))
    assert owner_of(seller).username in page
    assert program.client_secret not in page

    before = support.get("accounts_apiclient_changelist").content.decode()
    program.log_in()
    assert support.get("accounts_apiclient_changelist").content.decode() != before, "the last use"


def test_the_pages_of_people_leave_clients_out(seller: Seller) -> None:
    program, admin = make_program(seller), desk("admin")
    assert program.client_id not in admin.get("accounts_user_changelist").content.decode()
    assert admin.get("accounts_user_change", program.client_id).status_code == 302
    answer = admin.post("accounts_user_change", program.client_id, data={"is_active": "on", "seller_role": "owner"})
    assert answer.status_code == 302
    assert User.objects.get(pk=program.client_id).seller_role == "operator"
    path = f"/admin/accounts/user/{program.client_id}/password/"
    assert (
        admin.client.post(path, {"password1": "warm-ibis-58-cup", "password2": "warm-ibis-58-cup"}).status_code == 404
    )


def test_a_sellers_page_lists_its_clients_beside_its_users(seller: Seller) -> None:
    program = make_program(seller)
    page = desk("support").get("accounts_seller_change", seller.pk).content.decode()
    assert page.count("Till software") == 1
    assert f"/admin/accounts/apiclient/{program.client_id}/change/" in page
