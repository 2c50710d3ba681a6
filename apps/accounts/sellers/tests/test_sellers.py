"""sellers/: the list, one seller, its creation and its changes."""

from typing import Any

import pytest

from apps.accounts.models import Seller, User
from apps.testing.api import PHONE, TIME, UUID7, Caller, assert_invalid, assert_problem
from apps.testing.factories import NEVER, make_seller
from apps.testing.invariants import nothing_changes
from apps.transactions.models import Wallet

BODY = {
    "username": "new",
    "password": "long enough, and odd",
    "email": "new@example.com",
    "company_name": "New",
    "phone_number": "0912111111\u06f1",
    "daily_limit": "500",
}


def test_a_seller_is_shown_with_its_balance(owner: Caller, admin: Caller, seller: Seller) -> None:
    body = owner.get("sellers/me/").body

    assert admin.get(f"sellers/{seller.pk}/").body == body
    assert owner.get(f"sellers/{seller.pk}/").body == body
    assert UUID7.fullmatch(body["id"])
    assert TIME.fullmatch(body.pop("created_at"))
    assert body == {
        "id": str(seller.pk),
        "company_name": seller.company_name,
        "email": seller.email,
        "phone_number": PHONE,
        "status": "active",
        "daily_limit": None,
        "low_balance_alert": None,
        "require_idempotency_key": False,
        "balance": "100.00",
        "sequence": 1,
    }


def test_another_seller_is_not_found(owner: Caller, admin: Caller, other_seller: Seller) -> None:
    for caller, path in ((owner, other_seller.pk), (owner, NEVER), (admin, NEVER), (admin, "me"), (admin, "1")):
        assert_problem(caller.get(f"sellers/{path}/"), 404, "not_found")


def test_an_admin_creates_an_active_seller_with_its_owner(admin: Caller, anonymous: Caller) -> None:
    answer = admin.post("sellers/", BODY)

    assert answer.status == 201
    body = answer.body
    assert (body["status"], body["daily_limit"], body["balance"], body["sequence"]) == ("active", "500.00", "0.00", 0)
    assert body["phone_number"] == "+989121111111"
    assert body == admin.get(f"sellers/{body['id']}/").body
    login = anonymous.post("auth/seller/login/", {name: BODY[name] for name in ("username", "password")})
    assert Caller.of(login).get("auth/me/").body["roles"] == ["owner"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("daily_limit", "0"),
        ("daily_limit", -1),
        ("daily_limit", "x"),
        ("email", "x"),
        ("password", "1"),
        ("username", ""),
    ],
)
def test_a_creation_with_wrong_input_creates_nothing(admin: Caller, field: str, value: object) -> None:
    with nothing_changes():
        answer = admin.post("sellers/", {**BODY, field: value})

    assert_invalid(answer, field)


def test_a_creation_with_a_taken_email_creates_nothing(admin: Caller, seller: Seller) -> None:
    with nothing_changes():
        answer = admin.post("sellers/", {**BODY, "email": seller.email})

    assert answer.codes == {("email", "unique")}


OWN_CHANGES = {"email": "changed@example.com", "phone_number": "+989122222222"}
ADMIN_CHANGES = {"company_name": "Changed", "daily_limit": "7.50"}
NO_CHANGES = {
    "id": str(NEVER), "status": "suspended", "balance": "999.00", "sequence": 99, "created_at": "2020-01-01T00:00:00Z",
}  # fmt: skip


@pytest.mark.parametrize(
    ("role", "changed", "refused"),
    [
        ("admin", OWN_CHANGES | ADMIN_CHANGES, NO_CHANGES),
        ("owner", OWN_CHANGES, ADMIN_CHANGES | NO_CHANGES),
    ],
)
def test_a_role_changes_what_is_its_to_change_and_nothing_else(
    request: pytest.FixtureRequest, seller: Seller, role: str, changed: dict[str, str], refused: dict[str, Any]
) -> None:
    caller: Caller = request.getfixturevalue(role)
    before = caller.get(f"sellers/{seller.pk}/").body
    wallet = Wallet.objects.values().get(pk=seller.pk)

    for name, value in refused.items():
        with nothing_changes():
            answer = caller.patch(f"sellers/{seller.pk}/", {**changed, name: value})
        assert answer.codes == {(name, "read_only")}
    answer = caller.patch(f"sellers/{seller.pk}/", changed)

    assert (answer.status, answer.body) == (200, {**before, **changed})
    assert caller.get(f"sellers/{seller.pk}/").body == answer.body
    assert Wallet.objects.values().get(pk=seller.pk) == wallet


def test_a_change_of_nothing_changes_nothing(admin: Caller, seller: Seller) -> None:
    with nothing_changes():
        answer = admin.patch(f"sellers/{seller.pk}/", {})

    assert (answer.status, answer.body["balance"]) == (200, "100.00")


def test_a_daily_limit_can_be_lifted(admin: Caller, seller: Seller) -> None:
    admin.patch(f"sellers/{seller.pk}/", {"daily_limit": "1.00"})

    assert admin.patch(f"sellers/{seller.pk}/", {"daily_limit": None}).body["daily_limit"] is None


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("email", "x"),
        ("email", None),
        ("email", ""),
        ("phone_number", ""),
        ("phone_number", "12"),
        ("company_name", ""),
        ("company_name", "nul\x00"),
        ("daily_limit", "0.00"),
        ("daily_limit", "1e3"),
        ("daily_limit", True),
        ("daily_limit", "1000000000000.00"),
    ],
)
def test_a_change_with_wrong_input_changes_nothing(admin: Caller, seller: Seller, field: str, value: object) -> None:
    with nothing_changes():
        answer = admin.patch(f"sellers/{seller.pk}/", {"company_name": "Changed", field: value})

    assert_invalid(answer, field)


def test_an_email_of_another_seller_is_refused(owner: Caller, other_seller: Seller) -> None:
    with nothing_changes():
        answer = owner.patch("sellers/me/", {"email": other_seller.email.upper()})

    assert answer.codes == {("email", "unique")}


def test_a_change_keeps_money_that_moves_meanwhile(owner: Caller, seller: Seller) -> None:
    stale = Seller.objects.get(pk=seller.pk)
    owner.charge("10.00")

    stale.company_name = "Changed"
    stale.save()

    assert owner.get("sellers/me/").body["balance"] == "90.00"


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ({}, ["Gamma", "Beta", "Alpha"]),
        ({"status": "pending"}, ["Beta"]),
        ({"status": "active"}, ["Gamma", "Alpha"]),
        ({"search": "alp"}, ["Alpha"]),
        ({"search": "GAMMA"}, ["Gamma"]),
        ({"search": "%"}, []),
        ({"search": "a", "status": "pending"}, ["Beta"]),
        ({"search": "989123456789"}, ["Gamma", "Beta", "Alpha"]),
        ({"search": "0912345678٩"}, ["Gamma", "Beta", "Alpha"]),
        ({"search": "۳۴۵۶۷۸۹"}, ["Gamma", "Beta", "Alpha"]),
        ({"search": "۳۴۵۶۷۸۰"}, []),
        ({"status": ""}, ["Gamma", "Beta", "Alpha"]),
    ],
    ids=str,
)
def test_the_list_is_filtered_and_newest_first(support: Caller, query: dict[str, str], names: list[str]) -> None:
    make_seller(company_name="Alpha")
    make_seller(company_name="Beta", status=Seller.Status.PENDING)
    make_seller(company_name="Gamma")

    assert [row["company_name"] for row in support.get("sellers/", query).body["results"]] == names


def test_a_listed_seller_looks_as_a_single_one(support: Caller, seller: Seller) -> None:
    assert support.get("sellers/").body["results"] == [support.get(f"sellers/{seller.pk}/").body]


@pytest.mark.parametrize(("name", "value"), [("status", "open"), ("search", "\x00"), ("search", "x" * 201)])
def test_a_filter_of_the_wrong_kind_is_refused(support: Caller, name: str, value: str) -> None:
    assert_invalid(support.get("sellers/", {name: value}), name)


STEPS = {"verify": ("pending", "active"), "suspend": ("active", "suspended"), "reactivate": ("suspended", "active")}


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("status", ["pending", "active", "suspended"])
def test_a_step_leads_from_one_status_only(admin: Caller, seller: Seller, step: str, status: str) -> None:
    source, target = STEPS[step]
    Seller.objects.update(status=status)

    if status == source:
        answer = admin.post(f"sellers/{seller.pk}/{step}/")
        assert (answer.status, answer.body["status"]) == (200, target)
        assert answer.body == admin.get(f"sellers/{seller.pk}/").body
    else:
        with nothing_changes():
            answer = admin.post(f"sellers/{seller.pk}/{step}/")
        assert_problem(answer, 409, "invalid_status_transition", current_status=status)


@pytest.mark.parametrize("step", STEPS)
def test_a_step_of_an_unknown_seller_is_not_found(admin: Caller, seller: Seller, step: str) -> None:
    with nothing_changes():
        answers = [admin.post(f"sellers/{name}/{step}/") for name in (NEVER, "me", "1")]

    for answer in answers:
        assert_problem(answer, 404, "not_found")


def test_a_seller_has_one_owner_after_its_creation(admin: Caller) -> None:
    admin.post("sellers/", BODY)

    assert list(User.objects.exclude(seller=None).values_list("seller_role", flat=True)) == ["owner"]
