"""Recording of events, in the transaction of the change that they tell of."""

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.transaction import TransactionManagementError

from apps.outbox.models import Event, EventType

Renderer = Callable[[Any], Mapping[str, Any]]
Consumer = Callable[[Event], None]
Remover = Callable[[datetime], int]

_renderers: dict[EventType, Renderer] = {}
_consumers: list[Consumer] = []
_removers: list[Remover] = []


class UnknownEvent(Exception):
    """An event without a renderer, or of a type that is not an `EventType`: a fault of the program."""


def register_renderer(event_type: EventType, render: Renderer) -> None:
    """Let `render` turn what an event of this type is about into its `data`, as the API shows it.

    Apps call this when they load, because services may not import serializers.
    """
    _renderers[event_type] = render


def register_consumer(consume: Consumer) -> None:
    """Let `consume` see every event in its own transaction, to queue there what must be done about it.

    It holds the locks of the change, so it writes rows and does nothing else; if it fails, the change fails too.
    """
    if consume not in _consumers:
        _consumers.append(consume)


def register_remover(remove: Remover) -> None:
    """Let `remove` delete what an app above keeps about events of before a moment, and return how many rows."""
    if remove not in _removers:
        _removers.append(remove)


def remove_about_events_before(moment: datetime) -> int:
    """Delete what is kept about events of before `moment`, and return the number of rows."""
    return sum(remove(moment) for remove in _removers)


def record_event(event_type: EventType, *, seller_id: UUID, about: Any) -> Event:
    """Add an event to the outbox of a seller; it exists exactly if the caller's transaction commits.

    Locks the seller's `EventHead` to the end of the transaction. Lock order: after the request's, the seller's and
    the wallet's row, before the audit trail's. Listeners of `sharj_events` get `<seller id> <sequence>` at commit.

    Raises:
        UnknownEvent: nothing renders this type.
        TransactionManagementError: there is no transaction.
    """
    render = _renderers.get(event_type)
    if render is None:
        raise UnknownEvent(f"nothing renders {event_type!r}")
    if not connection.in_atomic_block:
        raise TransactionManagementError("An event is recorded in the transaction of its change.")
    data = json.dumps(render(about))
    event = Event.objects.raw("SELECT * FROM outbox_record(%s, %s, %s)", [seller_id, event_type.value, data])[0]
    for consume in _consumers:
        consume(event)
    return event
