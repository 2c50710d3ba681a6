"""Endpoints: added, read, changed, removed, and their secrets."""

from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from apps.accounts.models import AuditEvent, Seller
from apps.notifications.models import WebhookEndpoint
from apps.notifications.webhooks.secrets import decrypt
from apps.notifications.webhooks.services import create_endpoint
from apps.testing.api import TIME, UUID7, Caller, assert_invalid, assert_problem
from apps.testing.factories import make_seller, owner_of
from apps.testing.races import outcome, race
from apps.testing.webhooks import URL, make_delivery, make_endpoint

pytestmark = pytest.mark.django_db

ENDPOINTS = "webhook-endpoints/"
SHOWN = {
    "id", "url", "event_types", "description", "enabled", "disabled_reason", "disabled_at", "failing_since",
    "former_secret_expires_at", "created_at",
}  # fmt: skip


def add(owner: Caller, url: str = URL, **body: Any) -> Any:
    answer = owner.post(ENDPOINTS, {"url": url, "event_types": None, **body})
    assert answer.status == 201, answer.content
    return answer.body


def state() -> list[Any]:
    return list(WebhookEndpoint.objects.order_by("pk").values())


def test_a_new_endpoint_shows_its_secret_once(owner: Caller) -> None:
    answer = owner.post(ENDPOINTS, {"url": URL, "event_types": ["balance.low", "balance.low"], "description": "Till"})
    assert answer.status == 201
    body = answer.body
    assert body.keys() == SHOWN | {"secret"}
    assert UUID7.fullmatch(body["id"])
    assert TIME.fullmatch(body["created_at"])
    assert body["secret"].startswith("whsec_")
    assert (body["url"], body["event_types"], body["description"]) == (URL, ["balance.low"], "Till")
    assert (body["enabled"], body["disabled_reason"], body["disabled_at"]) == (True, None, None)
    body.pop("secret")
    assert owner.get(f"{ENDPOINTS}{body['id']}/").body == body
    assert owner.get(ENDPOINTS).body["results"] == [body]


def test_the_database_never_holds_the_secret(owner: Caller) -> None:
    secret = add(owner)["secret"]
    with connection.cursor() as cursor:
        cursor.execute("SELECT e::text FROM notifications_webhookendpoint e")
        [(row,)] = cursor.fetchall()
        cursor.execute("SELECT string_agg(a::text, ' ') FROM accounts_auditevent a")
        [(trail,)] = cursor.fetchall()
    assert secret.removeprefix("whsec_") not in row + trail
    assert decrypt(WebhookEndpoint.objects.get().secret) == secret


def test_event_types_may_be_left_out_and_mean_all(owner: Caller) -> None:
    answer = owner.post(ENDPOINTS, {"url": URL})
    assert (answer.status, answer.body["event_types"]) == (201, None)


@pytest.mark.parametrize(
    ("body", "field", "code"),
    [
        ({"url": "http://shop.example/"}, "url", "invalid_url"),
        ({"url": "https://user:word@shop.example/"}, "url", "invalid_url"),
        ({"url": "https://127.0.0.1/"}, "url", "address_not_allowed"),
        ({"url": "https://2130706433/"}, "url", "address_not_allowed"),
        ({"url": "https://[::ffff:10.0.0.1]/"}, "url", "address_not_allowed"),
        ({"url": "https://localhost:8000/"}, "url", "address_not_allowed"),
        ({"url": "https://shop.example/" + "a" * 500}, "url", "max_length"),
        ({"url": 7}, "url", "invalid_url"),
        ({"url": None}, "url", "null"),
        ({}, "url", "required"),
        ({"url": URL, "event_types": []}, "event_types", "empty"),
        ({"url": URL, "event_types": ["charge.sold"]}, "event_types.0", "invalid_choice"),
        ({"url": URL, "event_types": "balance.low"}, "event_types", "not_a_list"),
        ({"url": URL, "description": "x" * 201}, "description", "max_length"),
        ({"url": URL, "secret": "whsec_mine"}, "secret", "unknown_field"),
    ],
)
def test_wrong_input_is_refused_and_adds_nothing(owner: Caller, body: Any, field: str, code: str) -> None:
    lines = AuditEvent.objects.count()
    answer = owner.post(ENDPOINTS, body)
    assert_invalid(answer)
    assert (field, code) in answer.codes
    assert (state(), AuditEvent.objects.count()) == ([], lines)


def test_the_sixth_endpoint_is_refused(owner: Caller) -> None:
    for number in range(5):
        add(owner, f"{URL}/{number}")
    assert_problem(owner.post(ENDPOINTS, {"url": URL}), 409, "webhook_endpoint_limit_reached", limit=5)
    assert WebhookEndpoint.objects.count() == 5
    newest = owner.get(ENDPOINTS).body["results"][0]["id"]
    assert owner.call("DELETE", f"{ENDPOINTS}{newest}/").status == 204
    add(owner)


@pytest.mark.django_db(transaction=True)
def test_of_many_at_once_five_are_added() -> None:
    owner = owner_of(make_seller())
    results = race(
        *(lambda n=n: outcome(lambda: create_endpoint(created_by=owner, url=f"{URL}/{n}")) for n in range(8))
    )
    assert sorted(results) == ["ok"] * 5 + ["webhook_endpoint_limit_reached"] * 3


def test_one_address_is_one_endpoint_of_a_seller(owner: Caller, other_seller: Seller) -> None:
    first = add(owner)
    make_endpoint(other_seller)  # of another, it is another
    assert_invalid(owner.post(ENDPOINTS, {"url": URL}), "url")
    second = add(owner, f"{URL}/2")
    assert_invalid(owner.patch(f"{ENDPOINTS}{second['id']}/", {"url": URL}), "url")
    assert owner.patch(f"{ENDPOINTS}{first['id']}/", {"url": URL}).status == 200
    owner.call("DELETE", f"{ENDPOINTS}{first['id']}/")
    add(owner)


def test_a_change_is_kept_with_its_line(owner: Caller) -> None:
    place = f"{ENDPOINTS}{add(owner)['id']}/"
    change = {"url": f"{URL}/new", "event_types": ["seller.suspended", "balance.low"], "description": "New till"}
    answer = owner.patch(place, change)
    assert answer.status == 200
    assert {name: answer.body[name] for name in change} == change | {"event_types": ["balance.low", "seller.suspended"]}
    assert owner.get(place).body == answer.body
    assert "url: https://shop.example/hooks -> https://shop.example/hooks/new" in AuditEvent.objects.latest("pk").detail
    assert owner.patch(place, {"event_types": None}).body["event_types"] is None


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"url": "https://10.0.0.1/"}, "address_not_allowed"),
        ({"secret": "whsec_x"}, "unknown_field"),
        ({"disabled_reason": None}, "read_only"),
        ({"enabled": None}, "null"),
        ({"enabled": False, "event_types": ["nothing"]}, "invalid_choice"),
    ],
)
def test_a_wrong_change_changes_nothing(owner: Caller, change: Any, code: str) -> None:
    place = f"{ENDPOINTS}{add(owner)['id']}/"
    before, lines = state(), AuditEvent.objects.count()
    answer = owner.patch(place, change)
    assert_invalid(answer)
    assert code in {each for _, each in answer.codes}
    assert (state(), AuditEvent.objects.count()) == (before, lines)


def test_a_disabled_endpoint_drops_what_waits_and_is_enabled_again(owner: Caller, seller: Seller) -> None:
    place = f"{ENDPOINTS}{add(owner)['id']}/"
    delivery = make_delivery(WebhookEndpoint.objects.get())
    body = owner.patch(place, {"enabled": False}).body
    assert (body["enabled"], body["disabled_reason"]) == (False, "seller")
    assert TIME.fullmatch(body["disabled_at"])
    delivery.refresh_from_db()
    assert (delivery.status, delivery.next_try_at) == ("failed", None)
    again = owner.patch(place, {"enabled": False}).body
    assert again == body
    body = owner.patch(place, {"enabled": True}).body
    assert (body["enabled"], body["disabled_reason"], body["disabled_at"]) == (True, None, None)


def test_a_removed_endpoint_is_gone_with_its_secrets(owner: Caller) -> None:
    place = f"{ENDPOINTS}{add(owner)['id']}/"
    owner.post(f"{place}rotate-secret/")
    assert owner.call("DELETE", place).status == 204
    for answer in (
        owner.get(place), owner.call("DELETE", place), owner.patch(place, {"enabled": True}),
        owner.post(f"{place}test/"), owner.post(f"{place}rotate-secret/"), owner.get(f"{place}deliveries/"),
    ):  # fmt: skip
        assert_problem(answer, 404, "not_found")
    assert owner.get(ENDPOINTS).body["results"] == []
    row = WebhookEndpoint.objects.get()
    assert (row.secret, row.former_secret, row.enabled) == ("", "", False)


def test_a_rotation_keeps_the_former_secret_for_a_day(owner: Caller) -> None:
    first = add(owner)
    answer = owner.post(f"{ENDPOINTS}{first['id']}/rotate-secret/")
    assert answer.status == 200
    assert answer.body.keys() == SHOWN | {"secret"}
    row = WebhookEndpoint.objects.get()
    assert (decrypt(row.secret), decrypt(row.former_secret)) == (answer.body["secret"], first["secret"])
    assert row.former_secret_expires_at is not None
    assert 86_000 < (row.former_secret_expires_at - timezone.now()).total_seconds() <= 86_400
    assert "secret" not in owner.get(f"{ENDPOINTS}{first['id']}/").body


@pytest.mark.parametrize(
    "change",
    [
        {"url": "http://shop.example/"},
        {"enabled": False},
        {"disabled_reason": "seller"},
        {"removed_at": timezone.now()},
        {"former_secret": "x"},
    ],
)
def test_the_database_refuses_what_the_service_does(seller: Seller, change: dict[str, Any]) -> None:
    endpoint, _ = make_endpoint(seller)
    with pytest.raises(IntegrityError), transaction.atomic():
        WebhookEndpoint.objects.filter(pk=endpoint.pk).update(**change)


def test_the_database_refuses_a_second_endpoint_of_one_address(seller: Seller) -> None:
    endpoint, _ = make_endpoint(seller)
    with pytest.raises(IntegrityError), transaction.atomic():
        WebhookEndpoint.objects.create(seller=seller, url=endpoint.url, secret="x")
