"""Sessions of the API and of the back office can be seen and ended, by an admin and by their user."""

from typing import Any

import pytest
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.base import UpdateError
from django.test import Client
from django.urls import reverse

from apps.accounts.models import AuditEvent, BackOfficeSession, Session, User
from apps.testing.back_office import PASSWORD, Desk, desk
from apps.testing.factories import log_in, make_seller, make_staff, owner_of

pytestmark = pytest.mark.django_db

MINE = "/admin/my-sessions/"


def enter(user: User) -> Client:
    """Log in by the form of the back office."""
    if not user.password:
        user.set_password(PASSWORD)
        user.save()
    client = Client()
    client.post("/admin/login/", {"username": user.username, "password": PASSWORD}, REMOTE_ADDR="192.0.2.7")
    return client


def is_in(client: Client) -> bool:
    return client.get("/admin/").status_code == 200


def trail() -> list[tuple[str, str]]:
    return list(AuditEvent.objects.filter(action="end sessions").values_list("subject_name", "detail"))


def test_a_login_knows_its_user_its_beginning_and_its_address() -> None:
    user = make_staff("support")
    client = enter(user)
    assert is_in(client)
    row = BackOfficeSession.objects.get(user=user)
    assert (row.address, row.session_key) == ("192.0.2.7", client.session.session_key)
    before = row.began_at
    session = client.session
    session["changed"] = "yes"
    session.save()
    row.refresh_from_db()
    assert (row.began_at, row.get_decoded()["changed"]) == (before, "yes")


def test_an_admin_ends_all_sessions_of_a_user() -> None:
    user, admin = make_staff("support"), desk("admin")
    client, caller, other = enter(user), log_in(user), enter(make_staff("support"))
    page = admin.get("accounts_user_change", user.pk)
    assert "192.0.2.7" in page.content.decode()
    question = admin.act("accounts_user", "end_sessions", user, confirmed=False)
    assert question.context["preview"].cells == [(1, 1)]
    admin.act("accounts_user", "end_sessions", user)
    assert not is_in(client)
    assert caller.get("auth/me/").status == 401
    assert is_in(other)
    assert trail() == [(user.username, "all sessions")]


def test_an_ended_session_is_not_saved_again_by_a_request_on_its_way() -> None:
    user = make_staff("support")
    client = enter(user)
    session = client.session
    assert SESSION_KEY in session  # loaded, as by a request
    desk("admin").act("accounts_user", "end_sessions", user)
    session["late"] = "write"
    with pytest.raises(UpdateError):
        session.save()
    assert not BackOfficeSession.objects.filter(user=user).exists()


def test_an_admin_ends_one_session_of_a_seller() -> None:
    owner, admin = owner_of(make_seller()), desk("admin")
    one, other = log_in(owner), log_in(owner)
    row = Session.objects.filter(user=owner).earliest("pk")
    admin.act("accounts_session", "end", row)
    assert (one.get("auth/me/").status, other.get("auth/me/").status) == (401, 200)
    assert trail() == [(owner.username, "one session")]
    assert admin.act("accounts_session", "end", row, confirmed=False).context["taken"] == []
    assert "end" not in dict(admin.get("accounts_session_change", row.pk).context["steps"])


def test_others_end_no_session() -> None:
    user, caller = make_staff("support"), None
    caller = log_in(user)
    for person in (desk("auditor"), desk("support")):
        person.act("accounts_user", "end_sessions", user)
        person.act("accounts_session", "end", Session.objects.get(user=user))
    assert caller.get("auth/me/").status == 200
    assert trail() == []


def post(client: Client, **data: str) -> Any:
    return client.post(MINE, data)


def test_staff_see_and_end_their_own_sessions_only() -> None:
    user, stranger = make_staff("support"), make_staff("support")
    here, there, caller, foreign = enter(user), enter(user), log_in(user), log_in(stranger)
    page = here.get(MINE).content.decode()
    assert page.count('name="kind" value="pages"') == page.count('name="kind" value="api"') == 1
    assert str(there.session.session_key) not in page  # a cookie is a secret
    began = BackOfficeSession.objects.get(session_key=there.session.session_key).began_at
    assert began is not None
    assert post(here, kind="pages", began=began.isoformat()).status_code == 302
    assert (is_in(here), is_in(there)) == (True, False)
    own = BackOfficeSession.objects.get(session_key=here.session.session_key).began_at
    assert own is not None
    assert post(here, kind="pages", began=own.isoformat()).status_code == 404
    assert post(here, kind="api", began=str(Session.objects.get(user=stranger).pk)).status_code == 404
    assert post(here, kind="api", began="nonsense").status_code == 404
    assert post(here, kind="pages", began="nonsense").status_code == 404
    assert post(here, kind="nonsense").status_code == 200
    assert caller.get("auth/me/").status == 200
    post(here, kind="api", began=str(Session.objects.get(user=user).pk))
    assert (caller.get("auth/me/").status, foreign.get("auth/me/").status) == (401, 200)
    assert [detail for _, detail in trail()] == ["one session", "one session"]


def test_all_others_are_ended_at_once() -> None:
    user = make_staff("support")
    here, there, caller = enter(user), enter(user), log_in(user)
    post(here, kind="others")
    assert (is_in(here), is_in(there), caller.get("auth/me/").status) == (True, False, 401)


def test_a_strangers_address_leads_to_the_login() -> None:
    assert Client().get(MINE).status_code == 302
    seller = Desk(owner_of(make_seller()))
    assert seller.client.get(MINE).status_code == 302
    assert SESSION_KEY in seller.client.session
    assert reverse("my-sessions") == MINE
