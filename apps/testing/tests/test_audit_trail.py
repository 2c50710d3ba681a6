"""Every step of staff, and of owners with their users, is committed with its line in the trail: both or neither."""

from decimal import Decimal
from typing import Any

import pytest
from django.db import OperationalError, connection, transaction

from apps.accounts import audit
from apps.accounts.models import AuditAction, AuditEvent, Seller, User
from apps.accounts.roles import SellerRole, StaffRole
from apps.accounts.sellers import services
from apps.credit_requests.services import approve_credit_request
from apps.testing.api import Answer, Caller
from apps.testing.back_office import desk
from apps.testing.contract.audit_faults import Crash, Fault, die_after_the_line, die_before_the_line
from apps.testing.contract.matrix import BODIES, MATRIX
from apps.testing.factories import file_request, make_seller, make_staff, owner_of
from apps.testing.fixtures import CALLERS
from apps.testing.invariants import snapshot

pytestmark = pytest.mark.django_db

ADDRESS = "203.0.113.77"
# The action in the trail for each call; a call of the matrix that is in neither list fails the tests.
STEPS = {
    "POST sellers/": AuditAction.ADD,
    "PATCH sellers/{seller}/": AuditAction.CHANGE,
    "PATCH sellers/me/": AuditAction.CHANGE,
    "PATCH sellers/{other}/": AuditAction.CHANGE,
    "POST sellers/{pending}/verify/": AuditAction.VERIFY,
    "POST sellers/{seller}/suspend/": AuditAction.SUSPEND,
    "POST sellers/{suspended}/reactivate/": AuditAction.REACTIVATE,
    "POST sellers/me/users/": AuditAction.ADD,
    "PATCH sellers/me/users/{user}/": AuditAction.CHANGE,
    "DELETE sellers/me/users/{user}/": AuditAction.DEACTIVATE,
    "POST api-clients/": AuditAction.ADD,
    "DELETE api-clients/{client}/": AuditAction.DEACTIVATE,
    "DELETE api-clients/{foreign_client}/": AuditAction.DEACTIVATE,
    "POST api-clients/{client}/rotate-secret/": AuditAction.ROTATE_SECRET,
    "POST api-clients/{foreign_client}/rotate-secret/": AuditAction.ROTATE_SECRET,
    "POST credit-requests/{request}/approve/": AuditAction.APPROVE,
    "POST credit-requests/{request}/reject/": AuditAction.REJECT,
    "POST transactions/{entry}/reverse/": AuditAction.REVERSE,
    "POST webhook-endpoints/": AuditAction.ADD,
    "PATCH webhook-endpoints/{endpoint}/": AuditAction.CHANGE,
    "PATCH webhook-endpoints/{foreign_endpoint}/": AuditAction.CHANGE,
    "DELETE webhook-endpoints/{endpoint}/": AuditAction.DEACTIVATE,
    "DELETE webhook-endpoints/{foreign_endpoint}/": AuditAction.DEACTIVATE,
    "POST webhook-endpoints/{endpoint}/rotate-secret/": AuditAction.CHANGE,
    "POST webhook-endpoints/{foreign_endpoint}/rotate-secret/": AuditAction.CHANGE,
    "POST webhook-endpoints/{endpoint}/test/": AuditAction.CHANGE,
    "POST webhook-endpoints/{foreign_endpoint}/test/": AuditAction.CHANGE,
    "POST webhook-endpoints/{endpoint}/deliveries/{delivery}/resend/": AuditAction.CHANGE,
    "POST webhook-endpoints/{foreign_endpoint}/deliveries/{foreign_delivery}/resend/": AuditAction.CHANGE,
    "POST deliveries/{charge_delivery}/resolve/": AuditAction.RESOLVE,
}
# What a seller does for itself is on its own rows, with its author; logins are looked at below.
OF_SELLERS = {
    "POST auth/seller/register/", "POST auth/seller/login/", "POST auth/admin/login/", "POST auth/refresh/",
    "POST auth/token/", "POST auth/logout/", "POST auth/logout-everywhere/",
    "POST credit-requests/", "POST credit-requests/{request}/cancel/",
    "POST credit-requests/{foreign_request}/cancel/", "POST charges/", "POST charges/bulk/",
}  # fmt: skip


def allowed_callers(call: str) -> list[str]:
    method, path = call.split()
    [statuses] = [statuses for row_method, row_path, statuses in MATRIX if (row_method, row_path) == (method, path)]
    return [name for name, status in zip(CALLERS, statuses[:-1], strict=True) if status < 300]


def take(call: str, caller: Caller, places: dict[str, object], **headers: str) -> Answer:
    method, path = call.split()
    return caller.call(method, path.format(**places), BODIES.get(call), **headers)


def user_of(caller: Caller) -> User:
    user: User = User.objects.get(username=caller.get("auth/me/").body["username"])
    return user


def test_every_call_that_changes_something_is_a_step_or_known_not_to_be() -> None:
    changing = {f"{method} {path}" for method, path, statuses in MATRIX if method != "GET" and min(statuses) < 300}
    logins = {"POST auth/seller/login/", "POST auth/admin/login/", "POST auth/refresh/", "POST auth/logout/"}
    logins.add("POST auth/token/")
    assert changing | logins == STEPS.keys() | OF_SELLERS


@pytest.mark.parametrize("call", STEPS)
def test_a_step_leaves_one_line_that_says_who_what_on_which_and_from_where(
    call: str, cast: dict[str, Caller], places: dict[str, object]
) -> None:
    for name in allowed_callers(call):
        if name == "suspended":
            continue  # the same owner, in another state
        user, seen = user_of(cast[name]), AuditEvent.objects.count()
        undo = transaction.savepoint()
        told = {"X-Request-ID": f"audit-{name}", "X-Forwarded-For": ADDRESS}
        assert take(call, cast[name], places, **told).status < 300
        [line] = AuditEvent.objects.order_by("pk")[seen:]
        transaction.savepoint_rollback(undo)
        assert (line.action, line.actor, line.address, line.request_id) == (STEPS[call], user, ADDRESS, f"audit-{name}")
        assert line.subject
        assert line.subject_id


@pytest.mark.parametrize("fault", [die_before_the_line, die_after_the_line])
@pytest.mark.parametrize("call", STEPS)
def test_a_fault_between_step_and_line_leaves_neither(
    call: str, fault: Fault, cast: dict[str, Caller], places: dict[str, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    before, lines = snapshot(), AuditEvent.objects.count()
    fault(monkeypatch)
    with pytest.raises(Crash):
        take(call, cast[allowed_callers(call)[0]], places)
    assert snapshot() == before, "the step was kept without its line"
    assert AuditEvent.objects.count() == lines, "the line was kept without its step"


@pytest.mark.django_db(transaction=True)
def test_a_connection_that_dies_before_the_commit_leaves_neither(monkeypatch: pytest.MonkeyPatch) -> None:
    request, approver = file_request(make_seller()), make_staff("admin")
    before, record = snapshot(), audit.record

    def record_and_die(*args: Any, **kwargs: Any) -> None:
        record(*args, **kwargs)
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")

    monkeypatch.setattr(audit, "record", record_and_die)
    with pytest.raises(OperationalError):
        approve_credit_request(credit_request_id=request.pk, approved_by=approver)
    connection.close()
    assert snapshot() == before
    assert not AuditEvent.objects.exists()


@pytest.mark.parametrize("call", STEPS)
def test_a_refusal_leaves_no_line(call: str, cast: dict[str, Caller], places: dict[str, object]) -> None:
    lines = AuditEvent.objects.count()
    for name in set(CALLERS) - set(allowed_callers(call)) - {"suspended"}:
        assert take(call, cast[name], places).status >= 400
    assert AuditEvent.objects.count() == lines


def test_the_first_of_two_approvals_is_a_step_too(settings: Any) -> None:
    settings.CREDIT_APPROVAL_SECOND_REVIEW_AMOUNT = Decimal(10)
    request, first, second = file_request(make_seller(), "50.00"), make_staff("admin"), make_staff("admin")
    for approver in (first, second):
        approve_credit_request(credit_request_id=request.pk, approved_by=approver)
    lines = AuditEvent.objects.filter(subject_id=str(request.pk)).order_by("pk")
    assert list(lines.values_list("action", "actor")) == [
        (AuditAction.APPROVE_FIRST, first.pk),
        (AuditAction.APPROVE, second.pk),
    ]


def test_a_changed_limit_is_kept_with_what_it_was(admin: Caller, seller: Seller) -> None:
    admin.patch(f"sellers/{seller.pk}/", {"daily_limit": "50.00"})
    admin.patch(f"sellers/{seller.pk}/", {"daily_limit": "75.00"})
    assert AuditEvent.objects.latest("pk").detail == "daily_limit: 50.00 -> 75.00"


def test_a_password_is_not_kept(owner: Caller, places: dict[str, object]) -> None:
    owner.patch(f"sellers/me/users/{places['user']}/", {"password": "warm-ibis-58-cup"})
    line = AuditEvent.objects.latest("pk")
    assert line.action == AuditAction.SET_PASSWORD
    assert "warm-ibis" not in str(AuditEvent.objects.filter(pk=line.pk).values())


def test_logins_of_staff_are_kept_and_those_of_sellers_are_not(anonymous: Caller, seller: Seller) -> None:
    password = "tall-heron-37-desk"
    staff = services.create_staff_user(role=StaffRole.ADMIN, username="mina", password=password)
    services.create_seller_user(
        seller_id=seller.pk, role=SellerRole.VIEWER, username="till", password=password, created_by=owner_of(seller)
    )
    seen = AuditEvent.objects.count()
    anonymous.post("auth/seller/login/", {"username": "till", "password": password})
    for body in ({"username": "mina", "password": "x"}, {"username": "my-secret", "password": "x"}):
        assert anonymous.post("auth/admin/login/", body).status == 401
    pair = anonymous.post("auth/admin/login/", {"username": "mina", "password": password}).body
    anonymous.post("auth/logout/", {"refresh": pair["refresh"]})
    lines = list(AuditEvent.objects.order_by("pk")[seen:])
    assert [(line.action, line.actor) for line in lines] == [
        (AuditAction.LOG_IN_REFUSED, None),
        (AuditAction.LOG_IN_REFUSED, None),
        (AuditAction.LOG_IN, staff),
        (AuditAction.LOG_OUT, staff),
    ]
    assert [line.subject_name for line in lines[:2]] == ["mina", ""]


def test_an_export_by_staff_is_kept_and_one_by_a_seller_is_not(admin: Caller, owner: Caller) -> None:
    seen = AuditEvent.objects.count()
    for caller in (owner, admin):
        assert caller.get("transactions/", {"type": "reversal"}, Accept="text/csv").status == 200
    [line] = AuditEvent.objects.order_by("pk")[seen:]
    assert (line.action, line.actor) == (AuditAction.EXPORT_LEDGER, user_of(admin))
    assert "type=reversal" in line.detail


def test_a_strangers_claim_of_an_address_is_not_believed(admin: Caller, places: dict[str, object]) -> None:
    admin.send("POST", f"sellers/{places['pending']}/verify/", headers={"X-Forwarded-For": f"{ADDRESS}, 198.51.100.4"})
    assert AuditEvent.objects.latest("pk").address == "198.51.100.4"


def test_auditors_read_the_trail_of_the_api(admin: Caller, places: dict[str, object]) -> None:
    take("POST sellers/{pending}/verify/", admin, places)
    page = desk("auditor").get("accounts_auditevent_changelist").content.decode()
    assert str(user_of(admin)) in page
    assert desk("support").get("accounts_auditevent_changelist").status_code == 403
