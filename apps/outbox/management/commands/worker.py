"""manage.py worker: do the queued jobs until SIGTERM or SIGINT, then finish those that have begun."""

import asyncio
import contextlib
import logging
import os
import signal
from argparse import ArgumentParser
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psycopg
from django.conf import settings
from django.core.management.base import BaseCommand
from procrastinate import App, PsycopgConnector
from procrastinate.contrib.django import app, connector_params
from procrastinate.exceptions import ConnectorException

from apps.outbox.jobs import HEARTBEAT_SECONDS, STALLED_SECONDS

logger = logging.getLogger("sharj.worker")

LOOK_SECONDS = 1.0
LOST_DATABASE_SECONDS = 2.0


class Command(BaseCommand):
    help = "Do the queued jobs until SIGTERM or SIGINT; then finish those that have begun."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--end-with", type=int, metavar="PID", help="end when this process, its parent, has ended")

    def handle(self, *args: Any, end_with: int | None, **options: Any) -> None:
        asyncio.run(work(parent=end_with))


async def work(*, parent: int | None) -> None:
    """Run the library's worker, and again when the database was away, until a signal or the end of `parent`."""
    loop = asyncio.get_running_loop()
    # Jobs wait for other machines, each in a thread with a connection of its own.
    loop.set_default_executor(ThreadPoolExecutor(settings.WORKER_CONCURRENCY))
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    watching = asyncio.create_task(_watch(parent, stop))
    while not stop.is_set():
        try:
            await _run_until(stop)
        except (ConnectorException, psycopg.Error) as error:
            logger.warning("the queue is away: %s", " ".join(str(error).split()))
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), LOST_DATABASE_SECONDS)
    await watching


async def _run_until(stop: asyncio.Event) -> None:
    """Run one worker of the library until `stop`, or until it ends by itself because it lost the database."""
    queue = own_queue()
    async with queue.open_async():
        worker = asyncio.create_task(
            queue.run_worker_async(
                concurrency=settings.WORKER_CONCURRENCY,
                listen_notify=_can_listen(),
                fetch_job_polling_interval=LOOK_SECONDS,
                delete_jobs="successful",
                install_signal_handlers=False,
                update_heartbeat_interval=HEARTBEAT_SECONDS,
                stalled_worker_timeout=STALLED_SECONDS,
            )
        )
        stopping = asyncio.create_task(stop.wait())
        await asyncio.wait({worker, stopping}, return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        worker.cancel()  # it finishes the jobs that it holds
        with contextlib.suppress(asyncio.CancelledError):
            await worker


def own_queue() -> App:
    """Return the app of procrastinate with a connection of the worker's own.

    What a job itself queues still goes through Django's connection, and so into the job's own transaction.
    """
    login = connector_params("default")
    login.pop("connection_factory", None)  # of our backend, and of psycopg2
    if settings.DATABASE_LISTEN_HOST:
        host, _, port = settings.DATABASE_LISTEN_HOST.partition(":")
        login |= {"host": host, "port": port or login["port"]}
    login |= {"application_name": "sharj-worker", "prepare_threshold": None}  # PgBouncer keeps no prepared statements
    return app.with_connector(PsycopgConnector(kwargs=login, min_size=1, max_size=4, timeout=10))


def _can_listen() -> bool:
    """Tell whether the connection is a session of its own; behind PgBouncer the worker looks every second instead."""
    return bool(settings.DATABASE_LISTEN_HOST) or settings.DATABASE_POOL_MODE == "session"


async def _watch(parent: int | None, stop: asyncio.Event) -> None:
    """Show that this process is alive (`WORKER_HEARTBEAT_FILE`), and stop it when its parent has ended."""
    while not stop.is_set():
        if settings.WORKER_HEARTBEAT_FILE:
            Path(settings.WORKER_HEARTBEAT_FILE).touch()
        if parent is not None and os.getppid() != parent:
            stop.set()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), LOOK_SECONDS)
