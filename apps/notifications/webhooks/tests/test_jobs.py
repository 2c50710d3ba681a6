"""From a step of staff to the receiver: an event, a delivery, a job and the worker's request."""

from collections.abc import Iterator

import pytest
from cryptography.fernet import InvalidToken
from django.core.management import CommandError, call_command
from django.utils import timezone
from pytest_django import Settings

from apps.accounts.models import Seller
from apps.notifications.models import WebhookDelivery, WebhookEndpoint
from apps.notifications.webhooks.deliveries import JOB
from apps.notifications.webhooks.secrets import decrypt
from apps.notifications.webhooks.services import rotate_secret
from apps.testing.api import Caller
from apps.testing.factories import file_request, log_in, make_seller, make_staff, owner_of
from apps.testing.jobs import forget_jobs, jobs, run_jobs
from apps.testing.receivers import Receiver, answering, certificate, running_receiver
from apps.testing.webhooks import make_delivery, make_endpoint, verified


@pytest.fixture
def receiver(settings: Settings, transactional_db: None) -> Iterator[Receiver]:
    """A receiver that answers 204."""
    settings.WEBHOOK_ALLOWED_NETWORKS = ["127.0.0.1/32"]
    settings.WEBHOOK_CA_FILE = str(certificate())
    with running_receiver() as running:
        yield running
    forget_jobs()


def test_an_approval_reaches_a_receiver_that_only_knows_standard_webhooks(receiver: Receiver) -> None:
    seller = make_seller()
    _, secret = make_endpoint(seller, receiver.url(), ["credit_request.approved"])
    request = file_request(seller, "25.00")
    approver: Caller = log_in(make_staff("admin"))
    shown = approver.post(f"credit-requests/{request.pk}/approve/", {}).body

    run_jobs()

    [sent] = receiver.received
    event = verified(sent, secret)
    assert (event["type"], event["data"]) == ("credit_request.approved", shown)
    listed = log_in(owner_of(seller)).get("events/").body["results"]
    assert event in listed
    assert (WebhookDelivery.objects.get().status, jobs()) == ("delivered", [])


def test_a_job_waits_for_the_moment_of_the_next_try(receiver: Receiver) -> None:
    receiver.behave = answering(500)
    delivery = make_delivery(make_endpoint(make_seller(), receiver.url())[0])
    run_jobs()
    delivery.refresh_from_db()
    [job] = jobs()
    assert (job["task_name"], job["args"]) == (JOB, {"subject_id": str(delivery.pk)})
    assert job["scheduled_at"] == delivery.next_try_at
    assert len(receiver.received) == 1


@pytest.mark.parametrize(("failing", "lanes"), [(False, 4), (True, 1)])
def test_jobs_of_an_endpoint_have_few_locks(failing: bool, lanes: int, transactional_db: None) -> None:
    endpoint, _ = make_endpoint(make_seller())
    endpoint.failing_since = timezone.now() if failing else None
    for _ in range(40):
        make_delivery(endpoint)
    locks = {job["lock"] for job in jobs()}
    assert len(locks) == lanes
    assert all(lock.startswith(str(endpoint.pk)) for lock in locks)
    forget_jobs()


@pytest.mark.django_db
def test_secrets_are_encrypted_again_before_a_key_is_dropped(seller: Seller, settings: Settings) -> None:
    settings.WEBHOOK_ENCRYPTION_KEY = "a" * 40
    endpoint, first = make_endpoint(seller)
    _, second = rotate_secret(endpoint_id=endpoint.pk, rotated_by=owner_of(seller))
    settings.WEBHOOK_ENCRYPTION_KEY = "b" * 40
    before = WebhookEndpoint.objects.values().get()
    with pytest.raises(CommandError, match="Nothing changed"):
        call_command("encrypt_webhook_secrets")
    assert WebhookEndpoint.objects.values().get() == before

    settings.WEBHOOK_ENCRYPTION_KEYS_FALLBACK = ["a" * 40]
    call_command("encrypt_webhook_secrets")
    settings.WEBHOOK_ENCRYPTION_KEYS_FALLBACK = []

    endpoint.refresh_from_db()
    assert (decrypt(endpoint.secret), decrypt(endpoint.former_secret)) == (second, first)
    with pytest.raises(InvalidToken):
        decrypt(before["secret"])
