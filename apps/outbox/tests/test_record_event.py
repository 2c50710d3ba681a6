"""`record_event`: an event exists exactly if its change does, and a seller's are numbered in the order of commits."""

from functools import partial
from itertools import pairwise

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.transaction import TransactionManagementError

from apps.accounts.models import Seller
from apps.core.values.ids import moment_of
from apps.outbox import services
from apps.outbox.models import Event, EventHead, EventType
from apps.outbox.services import UnknownEvent, record_event
from apps.testing.api import Caller
from apps.testing.factories import NEVER, file_request, make_seller
from apps.testing.races import race


def _record(seller: Seller, event_type: EventType = EventType.SELLER_VERIFIED) -> Event:
    return record_event(event_type, seller_id=seller.pk, about=seller.pk)


def test_it_holds_the_object_as_the_api_shows_it_at_that_moment(seller: Seller, admin: Caller) -> None:
    shown = admin.get(f"sellers/{seller.pk}/").body

    event = _record(seller)

    Seller.objects.filter(pk=seller.pk).update(company_name="Another")
    assert Event.objects.get(pk=event.pk) == event
    assert (event.type, event.seller_id, event.data) == ("seller.verified", seller.pk, shown)
    assert abs((moment_of(event.pk) - event.timestamp).total_seconds()) < 0.001


@pytest.mark.django_db(transaction=True)
def test_it_is_gone_with_its_change() -> None:
    seller = make_seller()
    with transaction.atomic():
        assert _record(seller).sequence == 1
        transaction.set_rollback(True)

    assert not Event.objects.exists()
    assert not EventHead.objects.exists()  # so its number is given again, and there is no gap


@pytest.mark.django_db(transaction=True)
def test_there_is_none_without_a_transaction() -> None:
    with pytest.raises(TransactionManagementError):
        _record(make_seller())


@pytest.mark.parametrize("unknown", ["seller.closed", "", None, EventType.CHARGE_DELIVERED])
def test_a_type_that_is_unknown_or_that_nothing_renders_fails_loudly(
    seller: Seller, unknown: EventType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(services._renderers, EventType.CHARGE_DELIVERED)
    with pytest.raises(UnknownEvent):
        record_event(unknown, seller_id=seller.pk, about=seller.pk)


def test_a_consumer_sees_it_in_its_transaction(seller: Seller, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[Event, bool]] = []
    monkeypatch.setattr(services, "_consumers", [])
    services.register_consumer(lambda event: seen.append((event, connection.in_atomic_block)))

    event = _record(seller)

    assert seen == [(event, True)]


@pytest.mark.django_db(transaction=True)
def test_a_consumer_that_fails_takes_the_change_with_it(
    monkeypatch: pytest.MonkeyPatch, admin: Caller, seller: Seller
) -> None:
    request = file_request(seller)
    monkeypatch.setattr(services, "_consumers", [lambda event: 1 / 0])

    with pytest.raises(ZeroDivisionError):
        admin.post(f"credit-requests/{request.pk}/reject/", {"reason": "no"})

    request.refresh_from_db()
    assert request.status == "pending"


@pytest.mark.django_db(transaction=True)
def test_twelve_at_once_of_two_sellers_are_numbered_without_a_gap_in_the_order_of_their_ids() -> None:
    sellers = [make_seller(), make_seller()]

    def write(seller: Seller, number: int) -> None:
        with transaction.atomic():
            _record(seller)
            transaction.set_rollback(number % 3 == 0)

    race(*(partial(write, sellers[number % 2], number) for number in range(12)))

    for seller in sellers:
        events = list(Event.objects.filter(seller_id=seller.pk).order_by("id"))
        assert [event.sequence for event in events] == [1, 2, 3, 4]
        assert all(one.timestamp < next_one.timestamp for one, next_one in pairwise(events))


@pytest.mark.django_db(transaction=True)
def test_two_of_one_transaction_are_in_its_order_and_later_than_those_committed_before(seller: Seller) -> None:
    first = list(Event.objects.filter(seller_id=seller.pk).order_by("id"))
    with transaction.atomic():
        two = [_record(seller, EventType.SELLER_SUSPENDED), _record(seller, EventType.SELLER_REACTIVATED)]

    assert list(Event.objects.filter(seller_id=seller.pk).order_by("id")) == [*first, *two]


@pytest.mark.django_db(transaction=True)
def test_an_event_of_no_seller_is_refused_by_the_database() -> None:
    with connection.cursor() as cursor, pytest.raises(IntegrityError, match="event_head_of_seller"):
        cursor.execute("SELECT outbox_record(%s, 'seller.verified', '{}')", [NEVER])
