"""Pages of webhook endpoints, deliveries and events."""

import pytest
from django.utils import timezone

from apps.accounts.models import AuditEvent
from apps.notifications.models import WebhookAttempt, WebhookDelivery, WebhookEndpoint
from apps.notifications.webhooks.services import remove_endpoint
from apps.testing.back_office import desk
from apps.testing.factories import add_credit, make_seller, owner_of
from apps.testing.webhooks import URL, last_event, make_delivery, make_endpoint

pytestmark = pytest.mark.django_db

ENDPOINT, DELIVERY, EVENT = "notifications_webhookendpoint", "notifications_webhookdelivery", "outbox_event"


def page(name: str, *args: object, role: str = "support") -> str:
    answer = desk(role).get(name, *args)
    assert answer.status_code == 200
    return str(answer.content.decode())


def test_an_endpoint_is_shown_without_its_secrets() -> None:
    seller = make_seller(company_name="Mehr")
    endpoint, secret = make_endpoint(seller, event_types=["balance.low"])
    make_delivery(endpoint)
    shown = page(f"{ENDPOINT}_change", endpoint.pk)
    for text in (URL, "Mehr", "Balance low", "enabled", "Webhook deliveries"):
        assert text in shown
    for hidden in (secret, secret[6:], endpoint.secret):
        assert hidden not in shown


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"failing_since": timezone.now()}, "failing"),
        ({"enabled": False, "disabled_reason": "gone", "disabled_at": timezone.now()}, "it answered 410 Gone"),
        ({"enabled": False, "disabled_reason": "failing", "disabled_at": timezone.now()}, "it failed for days"),
    ],
)
def test_staff_see_at_home_which_endpoints_fail(change: dict[str, object], text: str) -> None:
    seller = make_seller(company_name="Mehr")
    endpoint, _ = make_endpoint(seller)
    assert URL not in page("index")
    WebhookEndpoint.objects.filter(pk=endpoint.pk).update(**change)
    for shown in (page("index"), page(f"{ENDPOINT}_changelist"), page("accounts_seller_change", seller.pk)):
        assert URL in shown
        assert text in shown
    remove_endpoint(endpoint_id=endpoint.pk, removed_by=owner_of(seller))
    assert URL not in page("index")
    assert "removed" in page(f"{ENDPOINT}_changelist")


def test_a_delivery_is_shown_with_each_attempt_and_what_a_receiver_says_is_only_text() -> None:
    delivery = make_delivery(make_endpoint(make_seller())[0])
    fields = {"delivery": delivery, "attempted_at": timezone.now()}
    WebhookAttempt.objects.create(**fields, status=503, milliseconds=1_234, answer="<script>alert(1)</script>")
    WebhookAttempt.objects.create(**fields, status=None, milliseconds=10_001, error="timeout")
    shown = page(f"{DELIVERY}_change", delivery.pk)
    for text in ("503", "1,234", "timeout", "10,001", "&lt;script&gt;alert(1)", str(delivery.event_id)):
        assert text in shown
    assert "<script>alert(1)" not in shown
    assert "Send again" not in shown
    assert "Send again" in page(f"{DELIVERY}_change", delivery.pk, role="admin")


def test_an_admin_sends_again_and_the_trail_says_so() -> None:
    delivery = make_delivery(make_endpoint(make_seller())[0])
    WebhookDelivery.objects.filter(pk=delivery.pk).update(status="failed", next_try_at=None, failures=10)
    admin = desk("admin")
    question = admin.act(DELIVERY, "resend", delivery, confirmed=False).content.decode()
    assert URL in question
    delivery.refresh_from_db()
    assert delivery.status == "failed"
    admin.act(DELIVERY, "resend", delivery)
    delivery.refresh_from_db()
    assert (delivery.status, delivery.failures) == ("pending", 0)
    line = AuditEvent.objects.latest("pk")
    assert (line.actor, line.subject_id, line.detail) == (admin.user, str(delivery.pk), "sent again")


def test_nothing_is_sent_again_to_a_disabled_endpoint() -> None:
    delivery = make_delivery(make_endpoint(make_seller())[0])
    WebhookEndpoint.objects.update(enabled=False, disabled_reason="gone", disabled_at=timezone.now())
    WebhookDelivery.objects.update(status="failed", next_try_at=None)
    admin = desk("admin")
    assert "Send again" not in admin.get(f"{DELIVERY}_change", delivery.pk).content.decode()
    admin.act(DELIVERY, "resend", delivery)
    assert any("is disabled. Enable it first." in message for message in admin.messages())
    delivery.refresh_from_db()
    assert delivery.status == "failed"


def test_events_are_shown_with_their_seller_and_data() -> None:
    seller = make_seller(company_name="Mehr")
    add_credit(seller, "12.34")
    event = last_event(seller)
    for shown in (page(f"{EVENT}_changelist"), page(f"{EVENT}_change", event.pk)):
        assert "Mehr" in shown
        assert "Credit request approved" in shown
    assert "12.34" in page(f"{EVENT}_change", event.pk)
