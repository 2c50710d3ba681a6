"""Reading of a seller's events."""

from uuid import UUID

from django.db.models import QuerySet

from apps.outbox.models import Event


def list_events(*, seller_id: UUID, type: str | None = None, after: UUID | None = None) -> QuerySet[Event]:
    """Return the events of a seller after the event `after`, which may be dropped by now; all without it.

    Ids of one seller grow in the order of commits, so a reader that goes on after the last one it has seen misses none.
    """
    filters = {"type": type, "id__gt": after}
    given = {name: value for name, value in filters.items() if value is not None}
    return Event.objects.filter(seller_id=seller_id, **given)
