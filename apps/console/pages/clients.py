"""API clients of sellers: read by all staff, revoked by admins."""

from collections.abc import Sequence

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from apps.accounts.clients.services import revoke_client
from apps.accounts.models import ApiClient, User
from apps.console.framework.columns import column
from apps.console.framework.confirmed_steps import Answers, Preview, Step, step_action
from apps.console.framework.display import show_moment
from apps.console.framework.links import seller_link
from apps.console.framework.readable_filters import ChoiceFilter, YesNoFilter
from apps.console.framework.role_admin import RoleAdmin
from apps.console.panels.clients import shown_networks, shown_state


def _revoke(client: ApiClient, user: User, answers: Answers) -> None:
    assert client.user.seller_id  # noqa: S101  (a client has a seller)
    revoke_client(client_id=client.pk, seller_id=client.user.seller_id, revoked_by=user)


def _preview(clients: Sequence[ApiClient], user: User) -> Preview:
    columns = [str(name).capitalize() for name in (_("seller"), _("role"), _("networks"), _("last used"))]
    cells = [
        (
            client.user.seller, client.user.get_seller_role_display(), shown_networks(client),
            show_moment(client.user.last_login),
        )
        for client in clients
    ]  # fmt: skip
    return Preview(columns, cells)


REVOKE = Step(title=_("Revoke API clients"), button=_("Revoke"), run=_revoke, preview=_preview, is_dangerous=True)


@admin.register(ApiClient)
class ApiClientAdmin(RoleAdmin):
    list_display = ("name", "seller", "role", "state", "networks", "last_used", "expires", "created_by", "made_at")
    list_display_links = ("name",)
    list_select_related = ("user__seller", "created_by")
    list_filter = (("user__seller_role", ChoiceFilter), ("user__is_active", YesNoFilter))
    sortable_by = ()
    search_fields = ("user__first_name", "user__seller__company_name", "created_by__username", "=user__username")
    fields = ("client_id", *list_display)
    readonly_fields = fields
    actions = ("revoke",)

    client_id = column(_("its id"), lambda row: row.pk)
    name = column(_("name"), lambda row: row.user.first_name)
    seller = column(_("seller"), lambda row: seller_link(row.user.seller_id, row.user.seller))
    role = column(_("role"), lambda row: row.user.get_seller_role_display())
    state = column(_("state"), shown_state)
    networks = column(_("networks"), shown_networks)
    last_used = column(_("last used"), lambda row: show_moment(row.user.last_login))
    expires = column(_("expires at"), lambda row: show_moment(row.expires_at))
    made_at = column(_("created at"), lambda row: show_moment(row.created_at))

    revoke = step_action(REVOKE, "administer")

    def get_queryset(self, request: HttpRequest) -> QuerySet[ApiClient]:
        return super().get_queryset(request).select_related("user__seller", "created_by")

    def offers_step(self, name: str, row: ApiClient, user: User) -> bool:
        return row.user.is_active
