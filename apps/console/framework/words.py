"""Words for what the audit trail and proposals keep in a form for programs: names of entries, terms of a step."""

import re
from decimal import Decimal, InvalidOperation

from django.apps import apps
from django.utils.text import capfirst
from django.utils.translation import gettext, gettext_noop

from apps.accounts.roles import SellerRole, StaffRole
from apps.console.framework.display import NOTHING, show_money, show_number
from apps.transactions.models import EntryType, LedgerEntry

_ENTRY = re.compile(r"(\w+) (\d+\.\d\d) #(\d+)")
_TERM = re.compile(r"(\w+): (.*)")
_ENTRY_TEXTS = {
    EntryType.CHARGE_SALE.value: gettext_noop("Charge of %(amount)s"),
    EntryType.CREDIT_INCREASE.value: gettext_noop("Credit of %(amount)s"),
    EntryType.REVERSAL.value: gettext_noop("Reversal of %(amount)s"),
}
_NAMES = {
    "amount": gettext_noop("amount"),
    "owner": gettext_noop("owner"),
    "role": gettext_noop("role"),
    "roles": gettext_noop("roles"),
    "groups": gettext_noop("roles"),
    "networks": gettext_noop("networks"),
    "expires_at": gettext_noop("expires at"),
}
_AMOUNTS = frozenset({"amount", "daily_limit"})
_VALUES = {**dict(StaffRole.choices), **dict(SellerRole.choices)}


def entry_title(entry: LedgerEntry) -> str:
    """Return what an entry did: "Charge of 20,000.00 IRR to +98…"."""
    words = gettext(_ENTRY_TEXTS[entry.type]) % {"amount": show_money(entry.amount)}
    if not entry.phone_number:
        return words
    return gettext("%(charge)s to %(phone)s") % {"charge": words, "phone": f"\u2066{entry.phone_number}\u2069"}


def subject_words(name: str) -> str:
    """Return the name of a step's subject; that of an entry, `charge_sale 20000.00 #298`, in words."""
    found = _ENTRY.fullmatch(name)
    if found is None or found[1] not in _ENTRY_TEXTS:
        return name or NOTHING
    words = gettext(_ENTRY_TEXTS[found[1]]) % {"amount": show_money(Decimal(found[2]))}
    return f"{words} ({gettext('no. %(number)s') % {'number': show_number(int(found[3]))}})"


def terms_words(terms: str) -> str:
    """Return terms and details of a step, `daily_limit: 5 -> 10; …`, with the names that pages use."""
    return "; ".join(_term(part) for part in terms.split("; ")) if terms else NOTHING


def _term(part: str) -> str:
    found = _TERM.fullmatch(part)
    name = _field_name(found[1]) if found else None
    if found is None or name is None:
        return gettext(part) if part else ""  # a verdict of ours, or data
    values = [_value(found[1], value) for value in found[2].split(" -> ")]
    return f"{capfirst(name)}: {' → '.join(values)}"


def _field_name(name: str) -> str | None:
    if name in _NAMES:
        return gettext(_NAMES[name])
    fields = (
        field
        for label in ("accounts.Seller", "accounts.User")
        for field in apps.get_model(label)._meta.concrete_fields
        if field.name == name
    )
    field = next(fields, None)
    return str(field.verbose_name) if field is not None else None


def _value(name: str, value: str) -> str:
    if value in ("", "None"):
        return NOTHING
    if name in _AMOUNTS:
        try:
            return show_money(Decimal(value))
        except InvalidOperation:
            return value
    return ", ".join(str(_VALUES.get(one, one)) for one in value.split(", "))
