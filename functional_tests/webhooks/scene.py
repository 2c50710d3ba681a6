"""Scene of a run: sellers with endpoints at receivers of ours, a worker, and what was committed."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

from apps.testing.receivers import Receiver
from functional_tests.server import REPOSITORY

WORKER = ("manage.py", "worker")
# A killed worker's jobs are taken over after half a minute, and its claim ends as late.
LIMIT_SECONDS = 180.0


class RolledBack(Exception):
    """The change does not happen after all."""


@dataclass
class Shop:
    """A seller, its endpoint's secret, and the ids of its committed events with the moment of each commit."""

    seller_id: UUID
    secret: str
    path: str
    committed: dict[str, float] = field(default_factory=dict)
    rolled_back: set[str] = field(default_factory=set)

    def happen(self, times: int = 1) -> None:
        """Commit so many events, and roll as many back."""
        for _ in range(times):
            self.committed[self._record()] = time.monotonic()
            try:
                self._record(fails=True)
            except RolledBack as error:
                self.rolled_back.add(str(error))

    def _record(self, *, fails: bool = False) -> str:
        from django.db import transaction

        from apps.outbox.models import EventType
        from apps.outbox.services import record_event

        with transaction.atomic():
            event = record_event(EventType.SELLER_SUSPENDED, seller_id=self.seller_id, about=self.seller_id)
            if fails:
                raise RolledBack(event.pk)
        return str(event.pk)


def open_shop(receiver: Receiver, path: str = "/hook") -> Shop:
    """Make a seller whose events are sent to a path of `receiver`."""
    from apps.accounts.models import User
    from apps.notifications.webhooks.services import create_endpoint
    from functional_tests.performance.benchmark.sellers import make_members, make_staff

    [member] = make_members(1, make_staff())
    _, secret = create_endpoint(created_by=User.objects.get(pk=member.owner_id), url=receiver.url(path))
    return Shop(member.seller_id, secret, path)


@contextmanager
def working(log: Path, command: Sequence[str] = WORKER) -> Iterator["subprocess.Popen[bytes]"]:
    """Run a worker while the block runs; it is asked to stop, and has to."""
    with log.open("ab") as output:
        process = subprocess.Popen(
            [sys.executable, *command], cwd=REPOSITORY, env=os.environ, stdout=output, stderr=output
        )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        process.wait(60)


def await_true(holds: Callable[[], bool], seconds: float = LIMIT_SECONDS) -> bool:
    """Return whether `holds` became true in time."""
    deadline = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True
