"""manage.py operator_simulator: a mobile operator on this machine, for development and tests."""

import os
import signal
import threading
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apps.delivery.simulator.book import Book
from apps.delivery.simulator.outcomes import OUTCOMES
from apps.delivery.simulator.server import Config, Simulator

SECRET = "OPERATOR_SECRET_SIMULATOR"  # noqa: S105  (the name of a variable)


class Command(BaseCommand):
    help = "Serve a simulated mobile operator. The last two digits of a phone number choose the outcome: " + "; ".join(
        f"{digits}: {behaviour.meaning}" for digits, behaviour in OUTCOMES.items()
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--port", type=int, default=8090)
        parser.add_argument("--book", type=Path, help="a file that keeps the book over restarts; without it, memory")
        parser.add_argument("--callback-url", default="", help="where ends are told, e.g. …/callbacks/operators/sim/")
        parser.add_argument("--delay", type=float, default=0.0, help="seconds before each answer")

    def handle(self, *args: Any, port: int, book: Path | None, callback_url: str, delay: float, **options: Any) -> None:
        secret = os.environ.get(SECRET, "")
        if not secret:
            raise CommandError(f"Set {SECRET}, the secret that requests and callbacks are signed with.")
        config = Config(secret=secret, callback_url=callback_url, delay_seconds=delay)
        with Simulator(("127.0.0.1", port), Book(book), config) as server:
            signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
            self.stdout.write(f"Simulated operator on http://127.0.0.1:{port}")
            self.stdout.flush()
            server.serve_forever(poll_interval=0.2)
