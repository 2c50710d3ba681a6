"""Who is logged in and who did what, in the back office: for auditors, to be read."""

from collections.abc import Sequence
from typing import Any

from django.apps import apps
from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import AuditEvent, Session
from apps.accounts.roles import AUDITORS
from apps.console.framework.day_filter import DayFilter
from apps.console.framework.display import NOTHING, show_moment
from apps.console.framework.keyset_list import KeysetList
from apps.console.framework.role_admin import RoleAdmin


def kind_name(label: str) -> str:
    """Return what people call the model that `label` names."""
    return str(apps.get_model(label)._meta.verbose_name)


class KindFilter(admin.SimpleListFilter):
    """What something was done to. The kinds are known; to ask the trail for them would read all of it."""

    title = _("kind")
    parameter_name = "subject"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Sequence[tuple[str, Any]]:
        labels = sorted(model._meta.label_lower for model in admin.site._registry if model is not AuditEvent)
        return [(label, kind_name(label)) for label in labels]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(subject=self.value()) if self.value() else queryset


@admin.register(Session)
class SessionAdmin(RoleAdmin):
    may_view = AUDITORS
    list_display = ("user", "began", "expires", "revoked")
    list_select_related = ("user",)
    search_fields = ("user__username",)
    list_filter = (("created_at", DayFilter),)
    sortable_by = ()
    fields = list_display
    readonly_fields = list_display

    def shown_name(self, row: Session) -> str:
        return f"{row.user} · {show_moment(row.created_at)}"

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return KeysetList

    @admin.display(description=_("created at"), ordering="id")
    def began(self, session: Session) -> str:
        return show_moment(session.created_at)

    @admin.display(description=_("expires at"), ordering="expires_at")
    def expires(self, session: Session) -> str:
        return show_moment(session.expires_at)

    @admin.display(description=_("revoked at"), ordering="revoked_at")
    def revoked(self, session: Session) -> str:
        return show_moment(session.revoked_at)


@admin.register(AuditEvent)
class AuditEventAdmin(RoleAdmin):
    may_view = AUDITORS
    list_display = ("happened_at", "actor", "address", "action", "kind", "subject_name", "shown_detail")
    list_display_links = ("happened_at",)
    list_select_related = ("actor",)
    list_filter = ("action", KindFilter, ("at", DayFilter))
    sortable_by = ()
    search_fields = ("actor__username", "subject_name", "detail", "=subject_id", "=address")
    ordering = ("-id",)
    fields = (
        "happened_at",
        "actor",
        "address",
        "action",
        "kind",
        "subject_id",
        "subject_name",
        "shown_detail",
        "request_id",
    )
    readonly_fields = ("happened_at", "kind", "shown_detail")

    def shown_name(self, row: AuditEvent) -> str:
        return f"{row.get_action_display()} · {show_moment(row.at)}"

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return KeysetList

    @admin.display(description=_("detail"))
    def shown_detail(self, event: AuditEvent) -> str:
        return gettext(event.detail) if event.detail else NOTHING  # verdicts are words of ours

    @admin.display(description=_("kind"), ordering="subject")
    def kind(self, event: AuditEvent) -> str:
        return kind_name(event.subject) if event.subject else NOTHING

    @admin.display(description=_("Time"), ordering="id")
    def happened_at(self, event: AuditEvent) -> str:
        return show_moment(event.at)
