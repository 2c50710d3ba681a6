"""manage.py deliver_charges: the worker that takes charges to their operators, until SIGTERM."""

import signal
import threading
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from apps.delivery.worker import run_worker


class Command(BaseCommand):
    help = "Submit charges to mobile operators and ask what became of them. Any number of processes may run."

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DELIVERY:
            raise CommandError("DELIVERY is off.")
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        self.stdout.write("Delivering.")
        self.stdout.flush()
        run_worker(stop)
