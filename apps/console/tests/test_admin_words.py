"""Pages speak the words of their readers: no name of a constraint, of a lookup, of a type or of Django's own."""

import re
from typing import Any

import pytest
from django.urls import reverse

from apps.accounts import audit
from apps.accounts.models import AuditAction, Seller
from apps.testing.back_office import CONTRACT, desk, one_of_each, user_form
from apps.testing.factories import add_credit, make_proposal, make_seller, make_staff, sell

pytestmark = pytest.mark.django_db

LEDGER = "transactions_ledgerentry_changelist"
INTERNAL = re.compile(
    r"__exact|__gte|Constraint|charge_sale \d|daily_limit:|amount: \d|Select .* to (view|change)|\bnoon\b|midnight"
)


def title(page: Any) -> str:
    found = re.search("<title>(.*?)</title>", page.content.decode(), re.DOTALL)
    assert found
    return " ".join(found[1].replace("\u00a0", " ").replace("\u2066", "").replace("\u2069", "").split())


@pytest.mark.parametrize("model", [*CONTRACT, "index"])
def test_no_page_shows_an_internal_name(model: str) -> None:
    rows, admin = one_of_each(), desk(superuser=True)
    seller = make_seller(daily_limit="100")
    audit.record(AuditAction.CHANGE, seller, actor_id=admin.user.pk, detail="daily_limit: 100.00 -> 200.00")
    add_credit(seller, "50.00")
    make_proposal(sell(seller, "20.00"))
    prefix = model.replace(".", "_")
    names = [(prefix,)] if model == "index" else [(f"{prefix}_changelist",), (f"{prefix}_change", rows[model].pk)]
    for name in names:
        found = INTERNAL.findall(re.sub(r'value="[^"]*"|name="[^"]*"', "", admin.get(*name).content.decode()))
        assert found == [], name


def test_titles_say_what_a_row_is() -> None:
    seller, admin = make_seller(company_name="Mehr"), desk("admin")
    credit = add_credit(seller, "30000.00")
    sale = sell(seller, "20000.00", phone_number="+989121234567")
    assert title(admin.get(LEDGER)) == "Ledger entries | Sharj"
    change = "transactions_ledgerentry_change"
    assert title(admin.get(change, sale.pk)) == "Charge of 20,000.00 IRR to +989121234567 | Sharj"
    assert title(admin.get(change, credit.pk)) == "Credit of 30,000.00 IRR | Sharj"
    assert title(admin.get("accounts_seller_change", seller.pk)) == "Mehr | Sharj"


def test_the_trail_and_proposals_name_entries_limits_and_roles_in_words() -> None:
    seller, admin = make_seller(), desk("admin")
    add_credit(seller, "50.00")
    make_proposal(sell(seller, "20.00"))
    audit.record(AuditAction.CHANGE, seller, actor_id=admin.user.pk, detail="daily_limit: None -> 200.00")
    audit.record(AuditAction.CHANGE, admin.user, actor_id=admin.user.pk, detail="roles: admin, auditor")
    proposals = admin.get("accounts_proposal_changelist").content.decode().replace("\u00a0", " ")
    assert "Charge of 20.00 IRR (no. 2)" in proposals
    assert "Amount: 20.00 IRR" in proposals
    trail = admin.get("accounts_auditevent_changelist").content.decode().replace("\u00a0", " ")
    assert "Daily limit: – → 200.00 IRR" in trail  # noqa: RUF001  (an empty cell)
    assert "Roles: Admin, Auditor" in trail


@pytest.mark.parametrize(
    ("model", "change", "said"),
    [
        ("seller", {"daily_limit": "-5"}, "The amount must be greater than zero."),
        ("seller", {"email": "TAKEN@example.com"}, "This email is already taken."),
        ("user", {"email": "TAKEN@example.com"}, "This email is already taken."),
        ("user", {"username": "TAKEN"}, "This username is already taken."),
    ],
)
def test_a_refused_form_says_why_in_words(model: str, change: dict[str, str], said: str) -> None:
    taken, seller, user = make_staff("support"), make_seller(), make_staff("support")
    type(taken).objects.filter(pk=taken.pk).update(username="taken", email="taken@example.com")
    other = make_seller()
    Seller.objects.filter(pk=other.pk).update(email="taken@example.com")
    form = {"company_name": "A", "email": "a@example.com", "phone_number": "", "daily_limit": "", **change}
    row = seller if model == "seller" else user
    data = form if model == "seller" else user_form(user, **change)
    page = desk("admin").post(f"accounts_{model}_change", row.pk, data=data).content.decode()
    assert said in page
    assert "Constraint" not in page


@pytest.mark.parametrize(
    ("model", "old", "new"),
    [
        ("transactions_ledgerentry", "seller__id__exact=7&type__exact=reversal", "seller=7&type=reversal"),
        ("accounts_seller", "status__exact=pending&q=a", "status=pending&q=a"),
        ("accounts_user", "is_active__exact=1", "is_active=1"),
        ("accounts_auditevent", "action__exact=log+in", "action=log+in"),
        (
            "credit_requests_creditrequest",
            "requested_at__gte=2026-11-01+00%3A00%3A00%2B00%3A00&requested_at__lt=2026-11-08+00%3A00%3A00%2B00%3A00",
            "requested_at_from=2026-11-01&requested_at_to=2026-11-07",
        ),
        (
            "credit_requests_creditrequest",
            "requested_at__year=2024&requested_at__month=2",
            "requested_at_from=2024-02-01&requested_at_to=2024-02-29",
        ),
        (
            "credit_requests_creditrequest",
            "requested_at__year=2026&requested_at__month=12&requested_at__day=31",
            "requested_at_from=2026-12-31&requested_at_to=2026-12-31",
        ),
        (
            "credit_requests_creditrequest",
            "requested_at__year=2026",
            "requested_at_from=2026-01-01&requested_at_to=2026-12-31",
        ),
    ],
)
def test_an_address_of_old_leads_to_the_list_of_today(model: str, old: str, new: str) -> None:
    address = reverse(f"admin:{model}_changelist")
    answer = desk(superuser=True).client.get(f"{address}?{old}")
    assert (answer.status_code, answer["Location"]) == (302, f"{address}?{new}")


def test_an_export_of_old_is_filtered_as_its_list() -> None:
    answer = desk("auditor").get("transactions_ledgerentry_export", type__exact="reversal")
    assert answer["Location"] == f"{reverse('admin:transactions_ledgerentry_export')}?type=reversal"


@pytest.mark.parametrize(
    ("model", "query"),
    [
        ("accounts_seller", {"status": "pending"}),
        ("accounts_user", {"is_active": "0"}),
        ("accounts_user", {"seller_role": "owner"}),
        ("credit_requests_creditrequest", {"status": "rejected"}),
        ("transactions_ledgerentry", {"type": "reversal"}),
        ("accounts_auditevent", {"action": "reject"}),
    ],
)
def test_readable_parameters_filter(model: str, query: dict[str, str]) -> None:
    one_of_each()
    [(field, value)] = query.items()
    found = desk(superuser=True).get(f"{model}_changelist", **query)
    rows = found.context["cl"].result_list
    assert {str(int(getattr(row, field)) if value == "0" else getattr(row, field)) for row in rows} <= {value}
    assert f'name="{field}"' in found.content.decode()
    assert "__exact" not in found.content.decode()


def test_the_ledger_signs_what_it_moves() -> None:
    seller = make_seller()
    add_credit(seller, "50.00")
    sell(seller, "20.00")
    page = desk("support").get(LEDGER).content.decode()
    assert "+50.00\u00a0IRR" in page
    assert "\u221220.00\u00a0IRR" in page
