"""Changes of operators and number ranges, by admins, each with its line in the audit trail."""

from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_noop

from apps.accounts import audit
from apps.accounts.models import AuditAction
from apps.core.errors import InvalidInput
from apps.core.values.business_day import business_day
from apps.delivery.adapters import ADAPTERS
from apps.delivery.adapters.http_json import BadSettings
from apps.delivery.models import NumberRange, Operator, PriceTerms
from apps.delivery.routing import routes


def save_operator(operator: Operator, *, before: dict[str, Any], saved_by_id: UUID) -> None:
    """Save an operator whose fields were checked one by one; `before` has the changed ones as they were.

    Raises:
        InvalidInput: no adapter has this name, or the settings do not fit it.
    """
    if operator.adapter not in ADAPTERS:
        raise InvalidInput("adapter", gettext_noop("No adapter has this name."))
    try:
        ADAPTERS[operator.adapter](operator.settings, "")
    except (BadSettings, TypeError) as error:
        raise InvalidInput("settings", str(error)) from error
    _save(operator, before, saved_by_id)


def save_range(number_range: NumberRange, *, before: dict[str, Any], saved_by_id: UUID) -> None:
    """Save a number range whose fields were checked."""
    _save(number_range, before, saved_by_id)


def add_terms(terms: PriceTerms, *, added_by_id: UUID) -> None:
    """Add terms whose fields were checked.

    Raises:
        InvalidInput: they would begin in the past, when charges were sold at other prices.
    """
    if terms.effective_from < business_day(timezone.now()):
        raise InvalidInput("effective_from", gettext_noop("Prices change from today on, or later."))
    told = {"seller_id": None, "effective_from": None, "discount_percent": None, "fee": None}
    _save(terms, told, added_by_id)


def _save(row: Operator | NumberRange | PriceTerms, before: dict[str, Any], saved_by_id: UUID) -> None:
    action = AuditAction.ADD if row._state.adding else AuditAction.CHANGE
    with transaction.atomic(durable=True):
        row.save()
        after = {name: getattr(row, name) for name in before}
        audit.record(action, row, actor_id=saved_by_id, detail=audit.describe_changes(before, after))
    routes.forget()
