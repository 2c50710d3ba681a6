"""Deliveries: made with their events, tried out, resent, listed, removed."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from apps.accounts.models import Seller
from apps.accounts.sellers.services import suspend_seller
from apps.core.values.ids import uuid7_at
from apps.notifications.models import WebhookAttempt, WebhookDelivery, WebhookEndpoint
from apps.notifications.webhooks.deliveries import remove_deliveries_before
from apps.notifications.webhooks.services import remove_endpoint
from apps.testing.api import TIME, Caller, assert_problem
from apps.testing.factories import NEVER, make_staff, owner_of
from apps.testing.webhooks import URL, last_event, make_delivery, make_endpoint

pytestmark = pytest.mark.django_db


def suspend(seller: Seller) -> None:
    suspend_seller(seller_id=seller.pk, changed_by=make_staff("admin"), reason="late")


def attempt(delivery: WebhookDelivery, status: int | None = 500, error: str = "") -> WebhookAttempt:
    return WebhookAttempt.objects.create(
        delivery=delivery, attempted_at=timezone.now(), status=status, milliseconds=12, answer="no", error=error
    )


def test_an_event_is_delivered_to_each_endpoint_that_wants_it(seller: Seller, other_seller: Seller) -> None:
    every, _ = make_endpoint(seller)
    some, _ = make_endpoint(seller, f"{URL}/2", ["seller.suspended", "balance.low"])
    make_endpoint(seller, f"{URL}/3", ["balance.low"])
    off, _ = make_endpoint(seller, f"{URL}/4")
    WebhookEndpoint.objects.filter(pk=off.pk).update(
        enabled=False, disabled_reason="seller", disabled_at=timezone.now()
    )
    make_endpoint(other_seller)

    suspend(seller)

    event = last_event(seller)
    deliveries = WebhookDelivery.objects.order_by("pk")
    assert {delivery.endpoint_id for delivery in deliveries} == {every.pk, some.pk}
    for delivery in deliveries:
        assert (delivery.event_id, delivery.event_type, delivery.status) == (event.pk, "seller.suspended", "pending")
        sent = json.loads(delivery.body)
        assert list(sent) == ["id", "type", "timestamp", "data"]
        assert (sent["id"], sent["type"], sent["data"]) == (str(event.pk), "seller.suspended", event.data)
        assert TIME.fullmatch(sent["timestamp"])


def test_what_is_rolled_back_is_not_delivered(seller: Seller) -> None:
    make_endpoint(seller)
    savepoint = transaction.savepoint()
    suspend(seller)
    assert WebhookDelivery.objects.count() == 1
    transaction.savepoint_rollback(savepoint)
    assert WebhookDelivery.objects.count() == 0


def test_a_test_goes_to_one_endpoint_and_is_no_event(owner: Caller, seller: Seller) -> None:
    endpoint, _ = make_endpoint(seller)
    make_endpoint(seller, f"{URL}/2")
    answer = owner.post(f"webhook-endpoints/{endpoint.pk}/test/")
    assert answer.status == 202
    delivery = WebhookDelivery.objects.get()
    assert (delivery.endpoint, delivery.event_type) == (endpoint, "webhook_endpoint.test")
    assert answer.body == {
        "id": str(delivery.pk),
        "event_id": str(delivery.event_id),
        "event_type": "webhook_endpoint.test",
        "status": "pending",
        "created_at": answer.body["created_at"],
        "next_try_at": answer.body["next_try_at"],
        "attempts": [],
    }
    assert json.loads(delivery.body)["data"] == {"webhook_endpoint": str(endpoint.pk)}


def test_deliveries_are_listed_with_each_attempt(owner: Caller, seller: Seller) -> None:
    endpoint, _ = make_endpoint(seller)
    first, second = make_delivery(endpoint), make_delivery(endpoint)
    attempt(first)
    attempt(first, None, "timeout")
    WebhookDelivery.objects.filter(pk=second.pk).update(status="delivered", next_try_at=None)
    place = f"webhook-endpoints/{endpoint.pk}/deliveries/"
    newest, oldest = owner.get(place).body["results"]
    assert (newest["id"], newest["status"], newest["next_try_at"]) == (str(second.pk), "delivered", None)
    assert [(each["status"], each["error"]) for each in oldest["attempts"]] == [(500, None), (None, "timeout")]
    assert oldest["attempts"][0].keys() == {"attempted_at", "status", "milliseconds", "answer", "error"}
    assert [each["id"] for each in owner.get(place, {"status": "pending"}).body["results"]] == [str(first.pk)]
    assert owner.get(place, {"status": "lost"}).status == 400


def test_a_page_costs_the_same_however_long_it_is(
    owner: Caller, seller: Seller, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    endpoint, _ = make_endpoint(seller)
    for _ in range(7):
        attempt(make_delivery(endpoint))
    place = f"webhook-endpoints/{endpoint.pk}/deliveries/"
    for size in (1, 7):
        with django_assert_num_queries(4):  # caller, endpoint, deliveries, attempts
            owner.get(place, {"page_size": size})


@pytest.mark.parametrize("status", ["delivered", "failed", "pending"])
def test_a_delivery_is_sent_again_under_its_id(owner: Caller, seller: Seller, status: str) -> None:
    endpoint, _ = make_endpoint(seller)
    delivery = make_delivery(endpoint)
    late = timezone.now() + timedelta(hours=3)
    WebhookDelivery.objects.filter(pk=delivery.pk).update(
        status=status, failures=4, next_try_at=late if status == "pending" else None
    )
    answer = owner.post(f"webhook-endpoints/{endpoint.pk}/deliveries/{delivery.pk}/resend/")
    assert answer.status == 202
    assert (answer.body["id"], answer.body["status"]) == (str(delivery.pk), "pending")
    again = WebhookDelivery.objects.get()
    assert (again.event_id, again.body, again.failures) == (delivery.event_id, delivery.body, 0)
    assert again.next_try_at is not None
    assert again.next_try_at <= timezone.now()


def test_nothing_is_resent_to_a_disabled_endpoint_or_from_another(
    owner: Caller, seller: Seller, other_seller: Seller
) -> None:
    endpoint, _ = make_endpoint(seller)
    foreign, _ = make_endpoint(other_seller)
    theirs, ours = make_delivery(foreign), make_delivery(endpoint)
    for endpoint_id, delivery_id in ((endpoint.pk, theirs.pk), (foreign.pk, theirs.pk), (endpoint.pk, NEVER)):
        answer = owner.post(f"webhook-endpoints/{endpoint_id}/deliveries/{delivery_id}/resend/")
        assert_problem(answer, 404, "not_found")
    owner.patch(f"webhook-endpoints/{endpoint.pk}/", {"enabled": False})
    answer = owner.post(f"webhook-endpoints/{endpoint.pk}/deliveries/{ours.pk}/resend/")
    assert_problem(answer, 409, "webhook_endpoint_disabled")
    ours.refresh_from_db()
    assert ours.status == "failed"


def test_tests_and_resends_are_limited_together(owner: Caller, seller: Seller, settings: Settings) -> None:
    settings.WEBHOOK_SENDS_PER_HOUR = 2
    endpoint, _ = make_endpoint(seller)
    place = f"webhook-endpoints/{endpoint.pk}/"
    delivery = owner.post(f"{place}test/").body["id"]
    assert owner.post(f"{place}deliveries/{delivery}/resend/").status == 202
    for path in ("test/", f"deliveries/{delivery}/resend/"):
        assert owner.post(place + path).status == 429
    assert WebhookDelivery.objects.count() == 1


def aged(delivery: WebhookDelivery, days: int) -> Any:
    moment = timezone.now() - timedelta(days=days)
    pk = uuid7_at(moment)
    WebhookDelivery.objects.filter(pk=delivery.pk).update(id=pk, created_at=moment)
    return pk


def test_old_deliveries_are_removed_with_their_attempts_and_then_removed_endpoints(seller: Seller) -> None:
    endpoint, _ = make_endpoint(seller)
    gone, _ = make_endpoint(seller, f"{URL}/2")
    for each in (endpoint, gone):
        aged(make_delivery(each), 31)
    remove_endpoint(endpoint_id=gone.pk, removed_by=owner_of(seller))
    kept = aged(make_delivery(endpoint), 29)
    attempt(WebhookDelivery.objects.get(pk=kept))
    month_ago = timezone.now() - timedelta(days=30)

    WebhookEndpoint.objects.filter(pk=gone.pk).update(removed_at=timezone.now() - timedelta(days=40))
    assert remove_deliveries_before(month_ago) == 2
    assert list(WebhookDelivery.objects.values_list("pk", flat=True)) == [kept]
    assert WebhookAttempt.objects.count() == 1
    assert list(WebhookEndpoint.objects.values_list("pk", flat=True)) == [endpoint.pk]
    assert remove_deliveries_before(month_ago) == 0


@pytest.mark.parametrize("change", [{"status": "delivered"}, {"next_try_at": None}, {"status": "lost"}])
def test_the_database_refuses_a_delivery_without_a_plan(seller: Seller, change: dict[str, Any]) -> None:
    delivery = make_delivery(make_endpoint(seller)[0])
    with pytest.raises(IntegrityError), transaction.atomic():
        WebhookDelivery.objects.filter(pk=delivery.pk).update(**change)


def test_the_database_refuses_one_event_twice_for_an_endpoint(seller: Seller) -> None:
    delivery = make_delivery(make_endpoint(seller)[0])
    delivery.pk = NEVER
    with pytest.raises(IntegrityError), transaction.atomic():
        delivery.save(force_insert=True)
