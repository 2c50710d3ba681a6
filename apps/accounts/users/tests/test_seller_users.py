"""Owners manage the users of their seller."""

import pytest

from apps.accounts.models import Seller, Session, User
from apps.accounts.roles import SellerRole
from apps.testing.api import Caller, assert_invalid, assert_problem
from apps.testing.back_office import desk, user_form
from apps.testing.factories import log_in, make_seller, make_user, owner_of

pytestmark = pytest.mark.django_db

INVITATION = {"username": "till-2", "password": "warm-ibis-58-cup", "email": "till@mehr.example", "role": "operator"}


@pytest.fixture
def mehr() -> Seller:
    return make_seller()


@pytest.fixture
def owner(mehr: Seller) -> Caller:
    return log_in(owner_of(mehr))


def test_an_invited_user_logs_in_with_its_role(mehr: Seller, owner: Caller, anonymous: Caller) -> None:
    answer = owner.post("sellers/me/users/", INVITATION)
    assert answer.status == 201
    assert answer.body == {
        "id": str(User.objects.get(username="till-2").pk),
        "username": "till-2",
        "email": "till@mehr.example",
        "role": "operator",
        "is_active": True,
        "last_login": None,
    }
    login = anonymous.post("auth/seller/login/", {"username": "till-2", "password": INVITATION["password"]})
    me = Caller(login.body["access"], login.body["refresh"]).get("auth/me/").body
    assert (me["roles"], me["seller"]["id"]) == (["operator"], str(mehr.pk))


def test_the_list_shows_ones_own_users_only(mehr: Seller, owner: Caller) -> None:
    make_user(mehr, SellerRole.VIEWER)
    make_user(make_seller(), SellerRole.VIEWER)
    assert [user["role"] for user in owner.get("sellers/me/users/").body["results"]] == ["viewer", "owner"]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"role": "owner"}, "role"),
        ({"role": "admin"}, "role"),
        ({"username": "no spaces"}, "username"),
        ({"password": "1234"}, "password"),
        ({"email": "nonsense"}, "email"),
    ],
)
def test_a_wrong_invitation_creates_no_user(owner: Caller, change: dict[str, str], field: str) -> None:
    before = User.objects.count()
    assert_invalid(owner.post("sellers/me/users/", {**INVITATION, **change}), field)
    assert User.objects.count() == before


def test_an_invitation_cannot_reach_another_seller_or_the_platform(mehr: Seller, owner: Caller) -> None:
    forged = {"seller": str(make_seller().pk), "seller_id": str(make_seller().pk), "is_staff": True, "groups": [1]}
    answer = owner.post("sellers/me/users/", {**INVITATION, **forged})
    assert answer.codes == {(name, "unknown_field") for name in forged}
    assert not User.objects.filter(username="till-2").exists()


def test_a_taken_name_is_refused(mehr: Seller, owner: Caller) -> None:
    taken = owner_of(make_seller()).username.upper()
    assert_invalid(owner.post("sellers/me/users/", {**INVITATION, "username": taken}), "username")


def test_all_complaints_about_an_invitation_come_in_one_answer(mehr: Seller, owner: Caller) -> None:
    taken = User.objects.get(seller=mehr)
    wrong = {"username": taken.username, "email": taken.email, "password": "1234", "role": "boss"}

    answer = owner.post("sellers/me/users/", wrong)

    assert answer.codes == {
        ("username", "unique"), ("email", "unique"), ("password", "weak_password"), ("role", "invalid_choice"),
    }  # fmt: skip


def test_a_role_changes_from_the_next_request_on(mehr: Seller, owner: Caller) -> None:
    user = make_user(mehr, SellerRole.OPERATOR)
    theirs = log_in(user)
    forged = owner.patch(f"sellers/me/users/{user.pk}/", {"role": "viewer", "username": "forged"})
    assert forged.codes == {("username", "read_only")}
    answer = owner.patch(f"sellers/me/users/{user.pk}/", {"role": "viewer"})
    assert (answer.status, answer.body["role"]) == (200, "viewer")
    assert theirs.get("auth/me/").body["roles"] == ["viewer"]
    assert_problem(theirs.charge(), 403, "permission_denied")


def test_a_deactivated_user_is_out_at_once_and_can_come_back(mehr: Seller, owner: Caller) -> None:
    user = make_user(mehr, SellerRole.VIEWER)
    theirs = log_in(user)
    assert owner.send("DELETE", f"sellers/me/users/{user.pk}/").status == 204
    assert theirs.get("auth/me/").status == 401
    assert not Session.objects.filter(user=user, revoked_at__isnull=True).exists()
    assert User.objects.filter(pk=user.pk, is_active=False).exists()
    assert owner.send("DELETE", f"sellers/me/users/{user.pk}/").status == 204
    assert owner.patch(f"sellers/me/users/{user.pk}/", {"is_active": True}).body["is_active"] is True
    assert theirs.get("auth/me/").status == 401


def test_what_staff_deactivated_an_owner_does_not_reactivate(mehr: Seller, owner: Caller) -> None:
    user = make_user(mehr, SellerRole.VIEWER)
    staff = desk("admin")
    assert staff.post("accounts_user_change", user.pk, data=user_form(user, is_active=None)).status_code == 302

    assert owner.send("DELETE", f"sellers/me/users/{user.pk}/").status == 204, "a second deactivation changes nothing"
    assert_problem(owner.patch(f"sellers/me/users/{user.pk}/", {"is_active": True}), 403, "deactivated_by_staff")
    both = {"is_active": True, "role": "operator"}
    assert_problem(owner.patch(f"sellers/me/users/{user.pk}/", both), 403, "deactivated_by_staff")
    user.refresh_from_db()
    assert (user.is_active, user.seller_role) == (False, "viewer")

    assert staff.post("accounts_user_change", user.pk, data=user_form(user)).status_code == 302
    assert User.objects.get(pk=user.pk).is_active


def test_staff_undo_what_an_owner_did_and_the_next_deactivation_is_theirs(mehr: Seller, owner: Caller) -> None:
    user = make_user(mehr, SellerRole.VIEWER)
    staff = desk("admin")
    owner.send("DELETE", f"sellers/me/users/{user.pk}/")
    for is_active in ("on", None):
        assert staff.post("accounts_user_change", user.pk, data=user_form(user, is_active=is_active)).status_code == 302

    assert_problem(owner.patch(f"sellers/me/users/{user.pk}/", {"is_active": True}), 403, "deactivated_by_staff")


def test_a_weak_new_password_is_refused(mehr: Seller, owner: Caller) -> None:
    user = make_user(mehr, SellerRole.OPERATOR)
    assert_invalid(owner.patch(f"sellers/me/users/{user.pk}/", {"password": "1234"}), "password")


@pytest.mark.parametrize("step", ["PATCH", "DELETE"])
def test_owners_are_changed_by_staff_only(mehr: Seller, owner: Caller, step: str) -> None:
    body = {"role": "viewer"} if step == "PATCH" else None
    answer = owner.call(step, f"sellers/me/users/{owner_of(mehr).pk}/", body)
    assert_problem(answer, 403, "permission_denied")
    assert owner.get("auth/me/").body["roles"] == ["owner"]
