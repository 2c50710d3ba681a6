"""Proposals: read here, confirmed on the page of what they are about."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import Proposal
from apps.accounts.roles import AUDITORS
from apps.console.framework.columns import column
from apps.console.framework.display import copyable, show_moment
from apps.console.framework.role_admin import RoleAdmin
from apps.console.framework.words import subject_words, terms_words
from apps.console.panels.proposals import action_name, shown_state, subject_link


@admin.register(Proposal)
class ProposalAdmin(RoleAdmin):
    may_view = AUDITORS
    list_display = ("made_at", "shown_action", "subject_link", "shown_terms", "proposed_by", "state", "confirmed_by")
    list_display_links = ("made_at",)
    list_select_related = ("proposed_by", "confirmed_by")
    sortable_by = ()
    search_fields = ("subject_name", "=subject_id", "proposed_by__username")
    fields = (*list_display, "was_confirmed_at", "copied_id")
    readonly_fields = fields

    made_at = column(_("proposed at"), lambda row: show_moment(row.proposed_at), "id")
    shown_action = column(_("action"), action_name, "action")
    subject_link = column(_("of what"), subject_link)
    shown_terms = column(_("terms"), lambda row: terms_words(row.terms))
    copied_id = column(_("id"), lambda row: copyable(row.pk))
    state = column(_("state"), shown_state)
    was_confirmed_at = column(_("confirmed at"), lambda row: show_moment(row.confirmed_at))

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).select_related("proposed_by", "confirmed_by")

    def shown_name(self, row: Proposal) -> str:
        return f"{action_name(row)} · {subject_words(row.subject_name)}"
