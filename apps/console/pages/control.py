"""Sessions and the audit trail: read by auditors, changed on no page."""

from collections.abc import Sequence
from typing import Any

from django.apps import apps
from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import AuditEvent, Session
from apps.accounts.roles import AUDITORS
from apps.console.framework.columns import column
from apps.console.framework.display import NOTHING, show_moment
from apps.console.framework.keyset_list import KeysetList
from apps.console.framework.range_filters import DayFilter
from apps.console.framework.readable_filters import ChoiceFilter
from apps.console.framework.role_admin import RoleAdmin
from apps.console.framework.words import subject_words, terms_words


def kind_name(label: str) -> str:
    """Return the name on screen of the model with this label."""
    return str(apps.get_model(label)._meta.verbose_name)


class KindFilter(admin.SimpleListFilter):
    """The kind of a changed row. The choices are the admin's models, as the trail would take a full scan."""

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

    began = column(_("created at"), lambda row: show_moment(row.created_at), "id")
    expires = column(_("expires at"), lambda row: show_moment(row.expires_at), "expires_at")
    revoked = column(_("revoked at"), lambda row: show_moment(row.revoked_at), "revoked_at")

    def shown_name(self, row: Session) -> str:
        return f"{row.user} · {show_moment(row.created_at)}"

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return KeysetList


@admin.register(AuditEvent)
class AuditEventAdmin(RoleAdmin):
    may_view = AUDITORS
    list_display = ("happened_at", "actor", "address", "action", "kind", "shown_subject", "shown_detail")
    list_display_links = ("happened_at",)
    list_select_related = ("actor",)
    list_filter = (("action", ChoiceFilter), KindFilter, ("at", DayFilter))
    sortable_by = ()
    search_fields = ("actor__username", "subject_name", "detail", "=subject_id", "=address")
    ordering = ("-id",)
    fields = (
        "happened_at", "actor", "address", "action", "kind", "subject_id", "shown_subject", "shown_detail", "request_id",
    )  # fmt: skip
    readonly_fields = ("happened_at", "kind", "shown_subject", "shown_detail")

    happened_at = column(_("Time"), lambda row: show_moment(row.at), "id")
    kind = column(_("kind"), lambda row: kind_name(row.subject) if row.subject else NOTHING, "subject")
    shown_subject = column(_("of what"), lambda row: subject_words(row.subject_name))
    shown_detail = column(_("detail"), lambda row: terms_words(row.detail))

    def shown_name(self, row: AuditEvent) -> str:
        return f"{row.get_action_display()} · {show_moment(row.at)}"

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return KeysetList
