"""manage.py deliver_charges: the worker that takes charges to their operators, until SIGTERM."""

import os
import signal
import threading
from argparse import ArgumentParser
from contextlib import nullcontext
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from apps.delivery.simulator.sandbox import running_sandbox
from apps.delivery.worker import run_worker

LOOK_SECONDS = 2.0


class Command(BaseCommand):
    help = (
        "Submit charges to mobile operators and ask what became of them. Any number of processes may run. With "
        "OPERATOR_SIMULATOR_PORT one process is the operator, too."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--end-with", type=int, metavar="PID", help="end when this parent process does")

    def handle(self, *args: Any, end_with: int | None, **options: Any) -> None:
        if not settings.DELIVERY:
            raise CommandError("DELIVERY is off.")
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        if end_with is not None:
            threading.Thread(target=_watch, args=(end_with, stop), daemon=True).start()
        with running_sandbox() if settings.OPERATOR_SIMULATOR_PORT else nullcontext():
            self.stdout.write("Delivering.")
            self.stdout.flush()
            run_worker(stop)


def _watch(parent: int, stop: threading.Event) -> None:
    """Set `stop` when this process has another parent than the one it was started by."""
    while not stop.wait(LOOK_SECONDS):
        if os.getppid() != parent:
            stop.set()
