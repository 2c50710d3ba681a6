"""Sessions and the audit trail: read by auditors, changed on no page."""

from collections.abc import Sequence
from typing import Any

from django.apps import apps
from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import AuditEvent, Session, User
from apps.accounts.roles import AUDITORS
from apps.accounts.sessions.services import end_session, end_sessions, live_sessions
from apps.console.framework.columns import column
from apps.console.framework.confirmed_steps import Preview, Step, step_action
from apps.console.framework.display import NOTHING, copyable, show_moment
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


def _preview_end(rows: Sequence[Session], user: User) -> Preview:
    """Show whose sessions end, and since when each runs."""
    cells = [(row.user.username, show_moment(row.created_at), show_moment(row.expires_at)) for row in rows]
    return Preview((_("User"), _("created at"), _("expires at")), cells, taken=[_is_live(row) for row in rows])


def _is_live(row: Session) -> bool:
    return row.revoked_at is None and row.expires_at > timezone.now()


END = Step(
    title=_("End sessions"),
    button=_("End"),
    run=lambda row, user, answers: end_session(session=row, ended_by=user),
    preview=_preview_end,
    is_dangerous=True,
)


def _preview_end_all(users_: Sequence[User], user: User) -> Preview:
    """Show how many sessions of each user end."""
    cells = [(of_api.count(), of_pages.count()) for of_api, of_pages in map(live_sessions, users_)]
    return Preview((_("Sessions of the API"), _("Sessions of the back office")), cells)


END_SESSIONS = Step(
    title=_("End all sessions"),
    button=_("End all sessions"),
    run=lambda row, user, answers: end_sessions(user=row, ended_by=user),
    preview=_preview_end_all,
    is_dangerous=True,
)


@admin.register(Session)
class SessionAdmin(RoleAdmin):
    may_view = AUDITORS
    change_form_outer_before_template = "admin/steps.html"
    actions = ("end",)
    list_display = ("user", "began", "expires", "revoked")
    list_select_related = ("user",)
    search_fields = ("user__username",)
    list_filter = (("created_at", DayFilter),)
    sortable_by = ()
    fields = (*list_display, "copied_id")
    readonly_fields = fields

    copied_id = column(_("id"), lambda row: copyable(row.pk))
    end = step_action(END, "administer")
    began = column(_("created at"), lambda row: show_moment(row.created_at), "id")
    expires = column(_("expires at"), lambda row: show_moment(row.expires_at), "expires_at")
    revoked = column(_("revoked at"), lambda row: show_moment(row.revoked_at), "revoked_at")

    def shown_name(self, row: Session) -> str:
        return f"{row.user} · {show_moment(row.created_at)}"

    def offers_step(self, name: str, row: Session, user: User) -> bool:
        return _is_live(row)

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
        "happened_at", "actor", "address", "action", "kind", "copied_subject_id", "shown_subject", "shown_detail",
        "copied_request_id",
    )  # fmt: skip
    readonly_fields = ("happened_at", "kind", "copied_subject_id", "shown_subject", "shown_detail", "copied_request_id")

    happened_at = column(_("Time"), lambda row: show_moment(row.at), "id")
    kind = column(_("kind"), lambda row: kind_name(row.subject) if row.subject else NOTHING, "subject")
    copied_subject_id = column(_("its id"), lambda row: copyable(row.subject_id))
    copied_request_id = column(_("request"), lambda row: copyable(row.request_id))
    shown_subject = column(_("of what"), lambda row: subject_words(row.subject_name))
    shown_detail = column(_("detail"), lambda row: terms_words(row.detail))

    def shown_name(self, row: AuditEvent) -> str:
        return f"{row.get_action_display()} · {show_moment(row.at)}"

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return KeysetList
