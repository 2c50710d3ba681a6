"""Proposals: steps that wait for a second person."""

from django.http import HttpRequest
from django.utils.translation import gettext as _

from apps.accounts.models import AuditAction, Proposal
from apps.accounts.proposals.services import open_proposals
from apps.console.framework.display import badge, show_age
from apps.console.framework.links import list_address, row_link
from apps.console.framework.panels import Panel
from apps.console.framework.words import subject_words, terms_words

MOST_ROWS = 8


def subject_link(proposal: Proposal) -> str:
    """Return a link to the page on which another user takes the same step."""
    return row_link(proposal.subject.replace(".", "_"), proposal.subject_id, subject_words(proposal.subject_name))


def action_name(proposal: Proposal) -> str:
    """Return the proposed action in words."""
    return str(AuditAction(proposal.action).label)


def shown_state(proposal: Proposal) -> str:
    """Return whether it waits, is confirmed, or came too late."""
    if proposal.confirmed_at is not None:
        return badge(_("confirmed"), "good")
    return badge(_("waiting"), "waiting") if proposal.is_open else badge(_("expired"), "quiet")


def waiting_proposals(request: HttpRequest) -> Panel:
    """Return the steps that wait for another user, the newest first."""
    waiting = open_proposals()
    rows = [
        (subject_link(each), action_name(each), terms_words(each.terms), each.proposed_by, show_age(each.proposed_at))
        for each in waiting.select_related("proposed_by")[:MOST_ROWS]
    ]
    return Panel(
        title=_("Steps that need a second person"),
        figures=((_("Waiting"), waiting.count()),),
        columns=(_("Of what"), _("Action"), _("Terms"), _("Proposed by"), _("Age")),
        rows=rows,
        empty=_("Nothing waits for a second person."),
        more=(list_address("accounts_proposal"), _("All proposals")),
    )
