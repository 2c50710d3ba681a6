"""Events of a seller after a position of its stream, and the sessions that may see them."""

from collections.abc import Collection
from datetime import timedelta
from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext_noop

from apps.accounts.models import Session
from apps.core.errors import DomainError
from apps.core.values.ids import moment_of
from apps.notifications.events.selectors import list_events
from apps.outbox.models import Event

KEPT_DAYS = 30  # by `manage.py rotate_events`
BATCH = 100  # events that are read at once
BEGINNING = UUID(int=0)


class EventGone(DomainError):
    """Events after this one may have been dropped already, so what followed it cannot be told without a gap."""

    code = "event_gone"


def starting_position(seller_id: UUID, last_event_id: UUID | None) -> UUID:
    """Return the id after which a stream begins: that of the last event that the client has, or of the newest.

    Raises:
        EventGone: see there.
    """
    if last_event_id is None:
        return list_events(seller_id=seller_id).order_by("-id").values_list("id", flat=True).first() or BEGINNING
    if moment_of(last_event_id) < timezone.now() - timedelta(days=KEPT_DAYS):
        raise EventGone(gettext_noop("This event is not known any more. Read what you missed with GET events/."))
    return last_event_id


def events_after(seller_id: UUID, position: UUID) -> list[Event]:
    """Return at most `BATCH` events of the seller after an id, in their order."""
    return list(list_events(seller_id=seller_id, after=position).order_by("id")[:BATCH])


def live_sessions(session_ids: Collection[UUID]) -> set[UUID]:
    """Return those of the sessions that are not over, and whose users are active."""
    live = Session.objects.filter(
        pk__in=session_ids, revoked_at__isnull=True, expires_at__gt=timezone.now(), user__is_active=True
    )
    return set(live.values_list("pk", flat=True))
