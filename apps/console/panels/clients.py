"""API clients of a seller."""

from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.translation import gettext as _

from apps.accounts.models import ApiClient, Seller
from apps.console.framework.display import badge, show_moment
from apps.console.framework.links import list_address, row_link
from apps.console.framework.panels import Panel

MOST_ROWS = 8


def shown_state(client: ApiClient) -> str:
    """Return whether it gets tokens."""
    if not client.user.is_active:
        return badge(_("revoked"), "quiet")
    return badge(_("expired"), "quiet") if client.is_expired else badge(_("active"), "good")


def shown_networks(client: ApiClient) -> str:
    """Return the networks from which it may be used."""
    if not client.allowed_networks:
        return _("any")
    return format_html('<bdi dir="ltr">{}</bdi>', ", ".join(client.allowed_networks))


def clients_of_seller(request: HttpRequest, seller: Seller) -> Panel:
    """Return the newest API clients of a seller."""
    clients = ApiClient.objects.filter(user__seller=seller).select_related("user", "created_by")
    rows = [
        (
            row_link("accounts_apiclient", client.pk, client.user.first_name),
            client.user.get_seller_role_display(),
            shown_state(client),
            show_moment(client.user.last_login),
            client.created_by,
        )
        for client in clients[:MOST_ROWS]
    ]
    return Panel(
        title=_("API clients"),
        columns=(_("Name"), _("Role"), _("State"), _("Last used"), _("Created by")),
        rows=rows,
        empty=_("No API clients."),
        more=(list_address("accounts_apiclient", q=seller.company_name), _("All API clients")),
    )
