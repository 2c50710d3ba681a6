"""Every endpoint for every role: who may."""

import pytest
from django.db import transaction

from apps.accounts.models import Seller, User
from apps.core.tests.api import PHONE, Answer, Caller, assert_problem
from apps.core.tests.factories import file_request, log_in, make_seller, make_staff, sell
from apps.core.tests.invariants import nothing_changes

ROLES = ("owner", "operator", "viewer", "admin", "credit_approver", "auditor", "support", "groupless", "anonymous")
TABLE = """
                                             owner oper. view. admin appr. audit supp. none  anonymous
GET   auth/me/                               200   200   200   200   200   200   200   200   401
GET   sellers/                               403   403   403   200   200   200   200   403   401
POST  sellers/                               403   403   403   201   403   403   403   403   401
GET   sellers/me/                            200   200   200   404   404   404   404   403   401
GET   sellers/{seller}/                      200   200   200   200   200   200   200   403   401
GET   sellers/{other}/                       404   404   404   200   200   200   200   403   401
PATCH sellers/{seller}/                      200   403   403   200   403   403   403   403   401
PATCH sellers/{other}/                       404   403   403   200   403   403   403   403   401
POST  sellers/{pending}/verify/              403   403   403   200   403   403   403   403   401
POST  sellers/{seller}/suspend/              403   403   403   200   403   403   403   403   401
POST  sellers/{suspended}/reactivate/        403   403   403   200   403   403   403   403   401
GET   sellers/{seller}/balance/              200   200   200   200   200   200   200   403   401
GET   sellers/{other}/balance/               404   404   404   200   200   200   200   403   401
GET   sellers/{seller}/transactions/         200   200   200   200   200   200   200   403   401
GET   sellers/{other}/transactions/          404   404   404   200   200   200   200   403   401
GET   sellers/{seller}/reconciliation/       200   200   200   200   200   200   200   403   401
GET   sellers/{other}/reconciliation/        404   404   404   200   200   200   200   403   401
POST  credit-requests/                       201   403   403   403   403   403   403   403   401
GET   credit-requests/                       200   200   200   200   200   200   200   403   401
GET   credit-requests/{request}/             200   200   200   200   200   200   200   403   401
GET   credit-requests/{foreign_request}/     404   404   404   200   200   200   200   403   401
POST  credit-requests/{request}/approve/     403   403   403   200   200   403   403   403   401
POST  credit-requests/{request}/reject/      403   403   403   200   200   403   403   403   401
POST  credit-requests/{request}/cancel/      200   403   403   403   403   403   403   403   401
POST  credit-requests/{foreign_request}/cancel/ 404 403  403   403   403   403   403   403   401
POST  charges/                               201   201   403   403   403   403   403   403   401
GET   transactions/                          200   200   200   200   200   200   200   403   401
GET   transactions/{entry}/                  200   200   200   200   200   200   200   403   401
GET   transactions/{foreign_entry}/          404   404   404   200   200   200   200   403   401
POST  transactions/{entry}/reverse/          403   403   403   201   403   403   403   403   401
GET   phone-numbers/                         200   200   200   200   200   200   200   403   401
GET   reconciliation/                        403   403   403   200   403   200   403   403   401
GET   health/live/                           200   200   200   200   200   200   200   200   200
GET   health/ready/                          200   200   200   200   200   200   200   200   200
GET   health/                                200   200   200   200   200   200   200   200   200
"""
BODIES: dict[str, dict[str, str]] = {
    "POST sellers/": {
        "username": "new", "password": "long enough, and odd", "email": "new@example.com", "company_name": "New",
    },
    "PATCH sellers/{seller}/": {"email": "changed@example.com"},
    "PATCH sellers/{other}/": {"email": "changed@example.com"},
    "POST credit-requests/": {"amount": "10.00"},
    "POST credit-requests/{request}/reject/": {"reason": "no"},
    "POST charges/": {"phone_number": PHONE, "amount": "1.00"},
    "POST transactions/{entry}/reverse/": {"reason": "no"},
}  # fmt: skip
CODES = {401: "not_authenticated", 403: "permission_denied", 404: "not_found"}

ROWS = [
    pytest.param(method, path, list(map(int, statuses)), id=f"{method} {path}")
    for method, path, *statuses in map(str.split, TABLE.strip().splitlines()[1:])
]


@pytest.fixture
def places(seller: Seller, other_seller: Seller) -> dict[str, object]:
    """What the names in the table's paths stand for."""
    return {
        "seller": seller.pk,
        "other": other_seller.pk,
        "pending": make_seller(status=Seller.Status.PENDING).pk,
        "suspended": make_seller(status=Seller.Status.SUSPENDED).pk,
        "request": file_request(seller).pk,
        "foreign_request": file_request(other_seller).pk,
        "entry": sell(seller).pk,
        "foreign_entry": sell(other_seller).pk,
    }


@pytest.fixture
def cast(request: pytest.FixtureRequest) -> dict[str, Caller]:
    """One caller of each role."""
    return {role: request.getfixturevalue(role) for role in ROLES}


@pytest.mark.parametrize(("method", "path", "statuses"), ROWS)
def test_each_role_may_do_what_the_table_says(
    cast: dict[str, Caller], places: dict[str, object], method: str, path: str, statuses: list[int]
) -> None:
    body = BODIES.get(f"{method} {path}")
    url = path.format(**places)

    for (role, caller), status in zip(cast.items(), statuses, strict=True):
        before = transaction.savepoint()
        if status in CODES:
            with nothing_changes():
                answer = _send(caller, method, url, body)
            assert_problem(answer, status, CODES[status])
        else:
            assert (role, _send(caller, method, url, body).status) == (role, status)
        transaction.savepoint_rollback(before)


def _send(caller: Caller, method: str, url: str, body: dict[str, str] | None) -> Answer:
    if method == "GET":
        return caller.get(url)
    return caller.patch(url, body) if method == "PATCH" else caller.post(url, body)


@pytest.mark.parametrize("role", ["viewer", "admin", "anonymous"])
def test_a_role_that_may_not_sell_is_told_that_before_its_input_is_judged(
    request: pytest.FixtureRequest, role: str
) -> None:
    caller: Caller = request.getfixturevalue(role)

    with nothing_changes():
        answer = caller.charge("nonsense", phone_number=17, key="a b")

    assert answer.status == (401 if role == "anonymous" else 403)


def test_a_superuser_is_an_admin(db: None, seller: Seller) -> None:
    root = log_in(User.objects.create(username="root", is_staff=True, is_superuser=True))

    assert root.get("auth/me/").body["roles"] == ["admin"]
    assert root.post(f"sellers/{seller.pk}/suspend/").status == 200


def test_groups_give_nothing_to_somebody_who_is_not_staff(db: None) -> None:
    user = make_staff("admin")
    user.is_staff = False
    user.save()

    assert log_in(user).get("sellers/").status == 403
