"""The look of the back office (Django admin with the theme django-unfold)."""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse_lazy
from django.utils.translation import gettext_lazy as _


def _own_style(request: HttpRequest) -> str:
    return static("console/console.css")


def _charts_script(request: HttpRequest) -> str:
    return static("console/charts.js")


def _accessibility_script(request: HttpRequest) -> str:
    return static("console/accessibility.js")


def _copy_script(request: HttpRequest) -> str:
    return static("console/copy.js")


def _home_script(request: HttpRequest) -> str:
    return static("console/home.js")


def _search_script(request: HttpRequest) -> str:
    return static("console/search.js")


def _calendar_script(request: HttpRequest) -> str:
    return static("console/jalali.js")


def _favicon(request: HttpRequest) -> str:
    return static("console/favicon.svg")


def _viewers_of(model: str) -> Callable[[HttpRequest], bool]:
    """Return a check that shows a link only to users who may open its list."""

    def may_view(request: HttpRequest) -> bool:
        from django.apps import apps
        from django.contrib import admin

        return admin.site.get_model_admin(apps.get_model(model)).has_view_permission(request)

    return may_view


def _item(title: Any, icon: str, model: str, count: str = "") -> dict[str, Any]:
    """Return a link to a list; `count` names the function of `apps.console.panels.badges` whose count stands beside."""
    address = reverse_lazy(f"admin:{model.replace('.', '_')}_changelist")
    badge = {"badge": f"apps.console.panels.badges.{count}"} if count else {}
    return {"title": title, "icon": icon, "link": address, "permission": _viewers_of(model), **badge}


UNFOLD: dict[str, Any] = {
    "SITE_TITLE": "Sharj",
    "SITE_HEADER": "Sharj",
    "SITE_SUBHEADER": _("Back office"),
    "SITE_SYMBOL": "bolt",
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": _favicon}],
    "SITE_URL": None,
    "LOGIN": {"form": "apps.console.pages.login.LoginForm"},
    "SHOW_HISTORY": False,
    "SHOW_LANGUAGES": True,
    "STYLES": [_own_style],
    "SCRIPTS": [
        _charts_script,
        _accessibility_script,
        _copy_script,
        _home_script,
        _search_script,
        _calendar_script,
    ],
    "DASHBOARD_CALLBACK": "apps.console.panels.selection.add_home_panels",
    "COLORS": {
        "primary": {
            "50": "oklch(98.4% .014 180.72)",
            "100": "oklch(95.3% .051 180.801)",
            "200": "oklch(91% .096 180.426)",
            "300": "oklch(85.5% .138 181.071)",
            "400": "oklch(77.7% .152 181.912)",
            "500": "oklch(60% .104 184.704)",
            "600": "oklch(51.1% .096 186.391)",
            "700": "oklch(43.7% .078 188.216)",
            "800": "oklch(38.6% .063 188.416)",
            "900": "oklch(35% .055 188)",
            "950": "oklch(27.7% .046 192.524)",
        },
    },
    "ACCOUNT": {
        "navigation": [
            {"title": _("My sessions"), "link": reverse_lazy("my-sessions")},
            {"title": _("Second factor"), "link": reverse_lazy("second-factor")},
        ]
    },
    "SIDEBAR": {
        "show_search": False,
        "show_all_applications": False,
        "navigation": [
            {
                "items": [
                    {"title": _("Home"), "icon": "home", "link": reverse_lazy("admin:index")},
                    _item(_("Credit requests"), "add_card", "credit_requests.creditrequest", "waiting_requests"),
                    _item(_("Sellers"), "storefront", "accounts.seller", "pending_sellers"),
                    _item(_("Ledger"), "receipt_long", "transactions.ledgerentry"),
                    _item(_("Wallets"), "account_balance_wallet", "transactions.wallet"),
                    _item(_("Deliveries"), "send_to_mobile", "delivery.delivery"),
                ],
            },
            {
                "title": _("Notifications"),
                "separator": True,
                "items": [
                    _item(_("Events"), "notifications", "outbox.event"),
                    _item(_("Webhook endpoints"), "webhook", "notifications.webhookendpoint"),
                    _item(_("Webhook deliveries"), "outgoing_mail", "notifications.webhookdelivery"),
                ],
            },
            {
                "title": _("Control"),
                "separator": True,
                "items": [
                    _item(_("Reconciliations"), "balance", "transactions.reconciliationrun"),
                    _item(_("Books of operators"), "compare_arrows", "delivery.bookcomparison"),
                    _item(_("Proposals"), "how_to_reg", "accounts.proposal"),
                    _item(_("Operators"), "cell_tower", "delivery.operator"),
                    _item(_("Number ranges"), "dialpad", "delivery.numberrange"),
                    _item(_("Prices"), "percent", "delivery.priceterms"),
                    _item(_("Users"), "group", "accounts.user"),
                    _item(_("API clients"), "smart_toy", "accounts.apiclient"),
                    _item(_("Sessions"), "vpn_key", "accounts.session"),
                    _item(_("Audit trail"), "policy", "accounts.auditevent"),
                ],
            },
        ],
    },
}
