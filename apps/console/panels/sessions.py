"""The sessions of one user."""

from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.accounts.sessions.services import live_sessions
from apps.console.framework.display import NOTHING, show_moment
from apps.console.framework.panels import Panel

MOST_ROWS = 20


def sessions_of_user(user: User) -> Panel:
    """Return a user's sessions that have not ended, of the API and of the back office."""
    of_api, of_pages = live_sessions(user)
    rows = [
        *((_("Back office"), show_moment(one.began_at), show_moment(one.expire_date), one.address or NOTHING)
          for one in of_pages[:MOST_ROWS]),
        *((_("API"), show_moment(one.created_at), show_moment(one.expires_at), NOTHING) for one in of_api[:MOST_ROWS]),
    ]  # fmt: skip
    return Panel(
        title=_("Sessions"),
        columns=(_("Where"), _("Begun"), _("Ends"), _("From")),
        rows=rows,
        empty=_("No sessions."),
        is_wide=True,
    )
