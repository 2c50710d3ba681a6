"""Links within the back office."""

from urllib.parse import urlencode

from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from apps.console.framework.display import NOTHING


def link(address: str, text: object) -> SafeString:
    """Return a link that shows `text`."""
    return format_html('<a class="console-link" href="{}">{}</a>', address, text)


def list_address(model: str, **query: object) -> str:
    """Return the address of a model's list, filtered by `query`."""
    address = reverse(f"admin:{model}_changelist")
    return f"{address}?{urlencode(query)}" if query else address


def row_link(model: str, row_id: object, text: object = None) -> str:
    """Return a link to a row's page that shows `text` or else the id; an empty cell if there is no row."""
    if row_id is None:
        return NOTHING
    return link(reverse(f"admin:{model}_change", args=[row_id]), row_id if text is None else text)


def seller_link(seller_id: object, name: object) -> str:
    """Return a link to a seller's page."""
    return row_link("accounts_seller", seller_id, name)


def entry_link(entry_id: object, text: object = None) -> str:
    """Return a link to a ledger entry's page."""
    return row_link("transactions_ledgerentry", entry_id, text)


def request_link(request_id: object, text: object = None) -> str:
    """Return a link to a credit request's page."""
    return row_link("credit_requests_creditrequest", request_id, text)
