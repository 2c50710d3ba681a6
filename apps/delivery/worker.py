"""The worker of deliveries: takes the steps that are due, of each operator as many at a time as it allows."""

import logging
import threading
import time
from collections import Counter
from pathlib import Path
from queue import SimpleQueue

from django.conf import settings
from django.db import DatabaseError, InterfaceError, close_old_connections, connection

from apps.delivery.adapters.http_json import BadSettings
from apps.delivery.adapters.protocol import Adapter
from apps.delivery.calls import Step, adapter_of, claim_due, take_step
from apps.delivery.models import Operator

logger = logging.getLogger("sharj.deliveries")

IDLE_SECONDS = 0.25
GATHER_SECONDS = 0.005  # so that one claim takes several steps under load
OPERATORS_LIFETIME_SECONDS = 2.0


class Worker:
    """One process's share of the work. Operators do not wait for each other: each has calls in flight of its own."""

    def __init__(self, *, threads: int) -> None:
        self._threads = [threading.Thread(target=self._work, name=f"delivery-{number}") for number in range(threads)]
        self._begun: SimpleQueue[tuple[Step, Adapter] | None] = SimpleQueue()
        self._in_flight: Counter[str] = Counter()
        self._lock = threading.Lock()
        self._freed = threading.Event()
        self._operators: list[tuple[str, int, Adapter]] = []
        self._until = 0.0

    def run(self, stop: threading.Event) -> None:
        """Take steps until `stop` is set, then wait for those that are under way."""
        for thread in self._threads:
            thread.start()
        try:
            while not stop.is_set():
                if settings.WORKER_HEARTBEAT_FILE:
                    Path(settings.WORKER_HEARTBEAT_FILE).touch()
                self._freed.clear()
                if not self._dispatch_safely():
                    self._freed.wait(IDLE_SECONDS)
                else:
                    time.sleep(GATHER_SECONDS)
        finally:
            for _thread in self._threads:
                self._begun.put(None)
            for thread in self._threads:
                thread.join()
            for _operator, _limit, adapter in self._operators:
                adapter.close()
            connection.close()

    def _work(self) -> None:
        """Take the steps that were begun, one after the other, until there is None."""
        try:
            while (begun := self._begun.get()) is not None:
                _take_step(*begun)
                self._end(begun[0].operator)
        finally:
            connection.close()

    def _dispatch_safely(self) -> bool:
        """Dispatch; a database that is away is not the end of the worker."""
        try:
            return bool(self.dispatch())
        except (DatabaseError, InterfaceError) as error:
            logger.warning("deliveries wait for the database: %s", str(error).strip().splitlines()[:1])
            close_old_connections()
            return False

    def dispatch(self) -> int:
        """Begin as many steps as are due and allowed; return their number."""
        begun = 0
        for operator, limit, adapter in self._read_operators():
            with self._lock:
                free = limit - self._in_flight[operator]
            for step in claim_due(operator, free) if free > 0 else ():
                with self._lock:
                    self._in_flight[operator] += 1
                self._begun.put((step, adapter))
                begun += 1
        return begun

    def _read_operators(self) -> list[tuple[str, int, Adapter]]:
        if time.monotonic() >= self._until:
            found = []
            for operator in Operator.objects.all():
                try:
                    found.append((operator.code, operator.max_in_flight, adapter_of(operator)))
                except (BadSettings, KeyError, OSError) as error:
                    logger.error(
                        "operator cannot be called", extra={"fields": {"operator": operator.code, "why": error}}
                    )
            self._operators, self._until = found, time.monotonic() + OPERATORS_LIFETIME_SECONDS
        return self._operators

    def _end(self, operator: str) -> None:
        with self._lock:
            self._in_flight[operator] -= 1
        self._freed.set()


def _take_step(step: Step, adapter: Adapter) -> None:
    """Take one step in a thread of the pool; what goes wrong is found by the inquiry when its lease is over."""
    close_old_connections()
    try:
        take_step(step, adapter)
    except Exception:
        logger.warning("a step was cut short; it is asked about later", exc_info=True)
    finally:
        close_old_connections()


def run_worker(stop: threading.Event) -> None:
    """Work off deliveries until `stop` is set."""
    Worker(threads=settings.DELIVERY_THREADS).run(stop)
