"""Every address of the back office, for every role: view, add, change, delete and act."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.admin.options import ModelAdmin
from django.test import Client
from django.urls import URLPattern, reverse

from apps.accounts.models import ApiClient, AuditEvent, Seller, Session
from apps.accounts.roles import StaffRole
from apps.credit_requests.models import CreditRequest
from apps.delivery.models import Delivery
from apps.notifications.models import WebhookDelivery
from apps.testing.back_office import ADMIN, AUDIT, CONTRACT, STAFF, Desk, desk, money_state, one_of_each
from apps.testing.factories import log_in, make_seller, make_staff, owner_of
from apps.transactions.models import ReconciliationRun

pytestmark = pytest.mark.django_db

ROLES = [*StaffRole.values, "superuser", "no role", "seller"]
# Addresses of one model beyond Django's own, and the roles that may use them.
EXTRA = {
    "transactions_ledgerentry_export": ("get", STAFF),
    "transactions_reconciliationrun_run": ("post", AUDIT),
}


def sit_down(role: str) -> Desk:
    if role == "superuser":
        return desk(superuser=True)
    if role == "no role":
        return desk()
    if role == "seller":
        return Desk(owner_of(make_seller()))
    return desk(role)


@pytest.fixture
def rows() -> dict[str, Any]:
    """Return one row of every model."""
    return one_of_each()


def allowed(model: str, what: str, role: str) -> bool:
    return role in CONTRACT[model].get(what, set())


def admins() -> Iterator[tuple[str, "ModelAdmin[Any]"]]:
    for model, model_admin in admin.site._registry.items():
        yield model._meta.label_lower, model_admin


def test_the_contract_covers_every_page_and_action() -> None:
    assert {name for name, _ in admins()} == set(CONTRACT)
    for name, model_admin in admins():
        declared = set(CONTRACT[name]) - {"view", "add", "change"}
        assert {str(action) for action in model_admin.actions or ()} == declared, name
        prefix = name.replace(".", "_")
        own = {str(url.name) for url in model_admin.get_urls() if isinstance(url, URLPattern) and url.name}
        usual = {f"{prefix}_{page}" for page in ("changelist", "add", "history", "delete", "change")}
        own -= {"auth_user_password_change", "accounts_seller_statement"}  # of one row: with tests of their own
        assert own - usual == {extra for extra in EXTRA if extra.startswith(prefix)}


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("model", CONTRACT)
def test_pages(model: str, role: str, rows: dict[str, Any]) -> None:
    prefix, row, person = model.replace(".", "_"), rows[model], sit_down(role)
    refused = 302 if role == "seller" else 403  # a seller is sent to the login
    before = money_state()

    def code(page: str, *args: Any, method: str = "get") -> int:
        response = getattr(person.client, method)(reverse(f"admin:{prefix}_{page}", args=args))
        return int(response.status_code)

    may_view = allowed(model, "view", role)
    assert code("changelist") == (200 if may_view else refused)
    assert code("change", row.pk) == (200 if may_view else refused)
    assert code("history", row.pk) == (200 if may_view else refused)
    assert code("add") == (200 if allowed(model, "add", role) else refused)
    assert code("add", method="post") == (200 if allowed(model, "add", role) else refused)
    assert code("change", row.pk, method="post") == (200 if allowed(model, "change", role) else refused)
    assert code("delete", row.pk) == refused
    assert code("delete", row.pk, method="post") == refused
    assert money_state() == before


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize(
    ("model", "action"),
    [(model, action) for model, may in CONTRACT.items() for action in may if action not in ("view", "add", "change")],
)
def test_actions(model: str, action: str, role: str, rows: dict[str, Any]) -> None:
    prefix, row, person = model.replace(".", "_"), rows[model], sit_down(role)
    if action in ("suspend", "reactivate"):
        Seller.objects.filter(pk=row.pk).update(status={"suspend": "active", "reactivate": "suspended"}[action])
    if action == "end_sessions":
        log_in(row)
    if action == "resend":
        WebhookDelivery.objects.filter(pk=row.pk).update(status="failed", next_try_at=None)
    before = (money_state(), Seller.objects.get(pk=rows["accounts.seller"].pk).status, decided())
    person.act(prefix, action, row, reason="because")
    after = (money_state(), Seller.objects.get(pk=rows["accounts.seller"].pk).status, decided())
    changes_something = action != "reconcile"
    assert (before != after) == (changes_something and allowed(model, action, role))
    lines = AuditEvent.objects.filter(actor=person.user).exclude(action="log in")
    assert lines.exists() == allowed(model, action, role)


def decided() -> list[str | bool]:
    requests = CreditRequest.objects.order_by("pk").values_list("status", flat=True)
    clients = ApiClient.objects.order_by("pk").values_list("user__is_active", flat=True)
    ended = Session.objects.filter(revoked_at__isnull=False).order_by("pk").values_list("pk", flat=True)
    webhooks = WebhookDelivery.objects.order_by("pk").values_list("status", flat=True)
    charges = Delivery.objects.order_by("pk").values_list("status", flat=True)
    return [*requests, *clients, *map(str, ended), *webhooks, *charges]


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("name", EXTRA)
def test_further_addresses(name: str, role: str) -> None:
    method, may = EXTRA[name]
    response = getattr(sit_down(role).client, method)(reverse(f"admin:{name}"))
    refused = 302 if role == "seller" else 403
    expected = {"get": 200, "post": 302}[method]
    assert response.status_code == (expected if role in may else refused)
    assert ReconciliationRun.objects.exists() == (method == "post" and role in may)


@pytest.mark.parametrize("role", ROLES)
def test_only_admins_set_passwords(role: str) -> None:
    target = make_staff("support")
    response = sit_down(role).client.get(reverse("admin:auth_user_password_change", args=[target.pk]))
    assert response.status_code == (200 if role in ADMIN else 302 if role == "seller" else 403)


@pytest.mark.parametrize("role", ROLES)
def test_pages_offer_only_what_their_reader_may_do(role: str, rows: dict[str, Any]) -> None:
    person = sit_down(role)
    for model, may in CONTRACT.items():
        if not allowed(model, "view", role):
            continue
        page = person.get(f"{model.replace('.', '_')}_change", rows[model].pk).content.decode()
        for action in set(may) - {"view", "add", "change", "reconcile"}:
            if role not in may[action]:
                assert f'name="action" value="{action}"' not in page
        assert ('name="_save"' in page) == (role in may.get("change", set()))


def test_a_stranger_is_sent_to_the_login() -> None:
    for name, _ in admins():
        response = Client().get(reverse(f"admin:{name.replace('.', '_')}_changelist"))
        assert response.status_code == 302


@pytest.mark.parametrize("role", ["support", "credit_approver"])
def test_the_home_page_keeps_reconciliation_from_those_who_may_not_see_it(role: str) -> None:
    assert "Are the books right?" not in desk(role).get("index").content.decode()
    assert "Are the books right?" in desk("auditor").get("index").content.decode()
