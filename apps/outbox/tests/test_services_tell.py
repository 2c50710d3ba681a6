"""Each change that other systems hear of has its event, by every path; a change that fails has none."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection

from apps.accounts import audit
from apps.accounts.models import Seller
from apps.outbox.models import Event
from apps.testing.api import Caller
from apps.testing.factories import file_request, make_seller, sell

pytestmark = pytest.mark.django_db(transaction=True)

Step = Callable[[Caller], tuple[Seller, str, str]]


def _approve(admin: Caller) -> tuple[Seller, str, str]:
    seller = make_seller()
    path = f"credit-requests/{file_request(seller).pk}/"
    return seller, f"{path}approve/", path


def _reject(admin: Caller) -> tuple[Seller, str, str]:
    seller = make_seller()
    path = f"credit-requests/{file_request(seller).pk}/"
    return seller, f"{path}reject/", path


def _reverse(admin: Caller) -> tuple[Seller, str, str]:
    seller = make_seller(balance="10.00")
    path = f"transactions/{sell(seller).pk}/"
    return seller, f"{path}reverse/", path


def _step(name: str, status: Seller.Status) -> Step:
    def prepare(admin: Caller) -> tuple[Seller, str, str]:
        seller = make_seller(status=status)
        return seller, f"sellers/{seller.pk}/{name}/", f"sellers/{seller.pk}/"

    return prepare


STEPS: dict[str, tuple[Step, dict[str, Any]]] = {
    "credit_request.approved": (_approve, {}),
    "credit_request.rejected": (_reject, {"reason": "no"}),
    "transaction.reversed": (_reverse, {"reason": "no"}),
    "seller.verified": (_step("verify", Seller.Status.PENDING), {}),
    "seller.suspended": (_step("suspend", Seller.Status.ACTIVE), {}),
    "seller.reactivated": (_step("reactivate", Seller.Status.SUSPENDED), {}),
}


@pytest.mark.parametrize("event_type", STEPS)
def test_a_step_tells_of_its_object_as_the_api_shows_it_then(admin: Caller, event_type: str) -> None:
    prepare, body = STEPS[event_type]
    seller, step, shown = prepare(admin)
    earlier = Event.objects.filter(seller_id=seller.pk).count()

    assert admin.post(step, body).status in (200, 201)

    newest = Event.objects.filter(seller_id=seller.pk).order_by("sequence").last()
    assert newest is not None
    assert (newest.type, newest.sequence) == (event_type, earlier + 1)
    assert newest.data == admin.get(shown).body


@pytest.mark.parametrize("event_type", STEPS)
def test_a_step_that_fails_after_its_event_leaves_none(
    admin: Caller, event_type: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepare, body = STEPS[event_type]
    _, step, shown = prepare(admin)
    before, events = admin.get(shown).body, list(Event.objects.values())

    def fail(*_: object, **__: object) -> None:
        assert Event.objects.count() == len(events) + 1  # the transaction sees its own
        raise ZeroDivisionError

    monkeypatch.setattr(audit, "record", fail)
    with pytest.raises(ZeroDivisionError):
        admin.post(step, body)

    assert (admin.get(shown).body, list(Event.objects.values())) == (before, events)


@pytest.mark.parametrize("event_type", STEPS)
def test_a_step_whose_commit_the_database_refuses_leaves_none(
    admin: Caller, event_type: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepare, body = STEPS[event_type]
    _, step, shown = prepare(admin)
    before, events = admin.get(shown).body, list(Event.objects.values())
    record = audit.record

    def record_and_die(*given: Any, **more: Any) -> None:
        record(*given, **more)
        with connection.cursor() as cursor:  # the session ends before it can commit
            cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")

    monkeypatch.setattr(audit, "record", record_and_die)
    assert admin.post(step, body).status == 503
    monkeypatch.undo()

    assert (admin.get(shown).body, list(Event.objects.values())) == (before, events)


@pytest.mark.parametrize("event_type", STEPS)
def test_a_step_that_is_refused_tells_nothing(admin: Caller, event_type: str) -> None:
    prepare, body = STEPS[event_type]
    _, step, _ = prepare(admin)
    admin.post(step, body)
    events = list(Event.objects.values())

    assert admin.post(step, body).status == 409

    assert list(Event.objects.values()) == events
