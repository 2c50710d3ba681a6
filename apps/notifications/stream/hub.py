"""The open streams of a process: which seller each belongs to, and how it is woken."""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from threading import Lock
from uuid import UUID

from django.conf import settings
from django.utils.translation import gettext_noop
from prometheus_client import Counter
from prometheus_client.core import Metric

from apps.core.errors import DomainError
from apps.core.observability.metrics import gauge

STREAMED = Counter("sharj_events_streamed", "Events sent on streams.")


class TooManyStreams(DomainError):
    """The seller, or this process, has as many open streams as it may have."""

    code = "too_many_streams"


@dataclass(eq=False, slots=True)
class Subscription:
    """A stream that is open."""

    seller_id: UUID
    session_id: UUID
    position: UUID  # the id of the last event that it was sent
    is_over: bool = False
    woken: asyncio.Event = field(default_factory=asyncio.Event)


class Hub:
    """All open streams of this process. Views subscribe in threads; everything else happens in the event loop."""

    def __init__(self) -> None:
        self._of_seller: defaultdict[UUID, set[Subscription]] = defaultdict(set)
        self._lock = Lock()
        self._count = 0

    def subscribe(self, seller_id: UUID, session_id: UUID, position: UUID) -> Subscription:
        """Add a stream that begins after the event `position`; the caller must remove it.

        Raises:
            TooManyStreams: see `EVENT_STREAMS_PER_SELLER` and `EVENT_STREAMS_PER_PROCESS`.
        """
        with self._lock:
            if len(self._of_seller.get(seller_id, ())) >= settings.EVENT_STREAMS_PER_SELLER:
                raise TooManyStreams(
                    gettext_noop("This seller has as many open streams as it may have."),
                    limit=settings.EVENT_STREAMS_PER_SELLER,
                )
            if self._count >= settings.EVENT_STREAMS_PER_PROCESS:
                raise TooManyStreams(
                    gettext_noop("The server has as many open streams as it can serve."),
                    limit=settings.EVENT_STREAMS_PER_PROCESS,
                )
            subscription = Subscription(seller_id, session_id, position)
            self._of_seller[seller_id].add(subscription)
            self._count += 1
        return subscription

    def unsubscribe(self, subscription: Subscription) -> None:
        """Remove a stream."""
        with self._lock:
            streams = self._of_seller[subscription.seller_id]
            streams.discard(subscription)
            if not streams:
                del self._of_seller[subscription.seller_id]
            self._count -= 1

    def gauges(self) -> Iterator[Metric]:
        """Yield the number of open streams."""
        yield gauge("sharj_event_streams", "Event streams that are open.", self._count)

    def sessions(self) -> set[UUID]:
        """Return the sessions whose streams are open."""
        return {subscription.session_id for subscription in self._all()}

    def wake(self, seller_ids: Collection[UUID]) -> None:
        """Let the streams of these sellers look for new events."""
        with self._lock:
            streams = [each for seller_id in seller_ids for each in self._of_seller.get(seller_id, ())]
        for subscription in streams:
            subscription.woken.set()

    def wake_all(self) -> None:
        """Let all streams look: events may have been told while nothing listened."""
        for subscription in self._all():
            subscription.woken.set()

    def end(self, is_over: Callable[[Subscription], bool] = lambda _: True) -> None:
        """End the streams for which `is_over`."""
        for subscription in self._all():
            if is_over(subscription):
                subscription.is_over = True
                subscription.woken.set()

    def _all(self) -> list[Subscription]:
        with self._lock:
            return [each for streams in self._of_seller.values() for each in streams]
