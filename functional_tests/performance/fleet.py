"""Runs workers at the same time, in processes or in threads."""

from __future__ import annotations

import multiprocessing
import signal
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.context import SpawnContext
from multiprocessing.sharedctypes import Synchronized
from multiprocessing.synchronize import Barrier, Event
from threading import BrokenBarrierError
from typing import Literal

from functional_tests.performance.errors import LoadError
from functional_tests.performance.transport import Pulse
from functional_tests.performance.worker import Assignment, Journal, Worker

ExecutorKind = Literal["process", "thread"]
POLL_SECONDS = 0.1
START_TIMEOUT_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Signals:
    """Primitives that the workers share. Those of processes serve threads as well."""

    sold: Synchronized[int]
    start: Barrier
    stop: Event
    selling: Event
    pulse: Pulse


_signals: Signals | None = None


def run_fleet(
    kind: ExecutorKind, assignments: Sequence[Assignment], on_progress: Callable[[int], None], pulse: Pulse
) -> list[Journal]:
    """Run one worker per assignment and return their journals.

    ``on_progress`` is told the number of sales made so far, ten times a second.
    Raises LoadError when a worker process dies, and ServerSilent when the server answers none of them any more.
    """
    # Spawned, not forked: the same on every system, and safe beside running threads.
    context = multiprocessing.get_context("spawn")
    signals = Signals(context.Value("q", 0), context.Barrier(len(assignments)), context.Event(), context.Event(), pulse)
    with _make_executor(kind, context, signals, len(assignments)) as executor:
        futures = [executor.submit(_work, assignment) for assignment in assignments]
        try:
            _watch(futures, signals, on_progress)
        except BaseException:
            # Let the workers end by themselves, so that leaving the executor returns.
            signals.stop.set()
            raise
        return [_journal(future) for future in futures]


def _make_executor(kind: ExecutorKind, context: SpawnContext, signals: Signals, workers: int) -> Executor:
    if kind == "thread":
        return ThreadPoolExecutor(workers, initializer=_join_fleet, initargs=(signals,))
    return ProcessPoolExecutor(workers, mp_context=context, initializer=_join_fleet_as_process, initargs=(signals,))


def _join_fleet(signals: Signals) -> None:
    global _signals
    _signals = signals


def _join_fleet_as_process(signals: Signals) -> None:
    # Ctrl-C reaches the whole group; the parent alone decides, and tells by `stop`.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _join_fleet(signals)


def _work(assignment: Assignment) -> Journal:
    """Sell one assignment; runs inside the executor."""
    signals = _signals
    if signals is None:
        raise RuntimeError("the worker has not joined a fleet")
    worker = Worker(assignment, signals.pulse)
    worker.connect()
    _await_start(signals)

    def count() -> None:
        with signals.sold.get_lock():
            signals.sold.value += 1

    worker.sell_all(count, signals.stop.is_set)
    return worker.journal


def _await_start(signals: Signals) -> None:
    """Start together with the other workers, so that the throughput is that of all."""
    # A machine so slow that the barrier breaks still gets its balances checked.
    with suppress(BrokenBarrierError):
        signals.start.wait(START_TIMEOUT_SECONDS)
    signals.pulse.beat()  # The server was not asked while the workers started.
    signals.selling.set()


def _watch(futures: Sequence[Future[Journal]], signals: Signals, on_progress: Callable[[int], None]) -> None:
    pending = set(futures)
    while pending:
        pending = wait(pending, timeout=POLL_SECONDS).not_done
        on_progress(signals.sold.value)
        if signals.selling.is_set():
            signals.pulse.check()


def _journal(future: Future[Journal]) -> Journal:
    try:
        return future.result()
    except BrokenProcessPool as error:
        raise LoadError("a worker process died; its sales are unknown") from error
