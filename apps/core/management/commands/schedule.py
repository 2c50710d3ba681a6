"""manage.py schedule: run the jobs of the night at their times, each in a process of its own."""

import os
import subprocess
import sys
import time
from argparse import ArgumentParser
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

RETRY = timedelta(minutes=15)
LOOK_SECONDS = 30.0


@dataclass(frozen=True)
class Job:
    """A command of manage.py that runs every so often, counted from midnight in BUSINESS_TIME_ZONE."""

    name: str
    command: tuple[str, ...]
    every: timedelta
    after: timedelta = timedelta()

    def due_at(self, moment: datetime) -> datetime:
        """Return the last time, up to `moment`, at which the job was due."""
        local = moment.astimezone(ZoneInfo(settings.BUSINESS_TIME_ZONE))
        first = local.replace(hour=0, minute=0, second=0, microsecond=0) + self.after
        return first + (local - first) // self.every * self.every


JOBS = (
    Job("summaries", ("summarize_ledger",), timedelta(hours=1)),
    Job("events", ("rotate_events",), timedelta(days=1), timedelta(hours=1)),
    Job("reconciliation", ("reconcile_balances",), timedelta(days=1), timedelta(hours=2)),
    Job("seal", ("verify_ledger",), timedelta(days=1), timedelta(hours=4)),
)
# deploy/backup/restore_test.sh touches `restored` when a server has the newest backup, and waits for this job's stamp.
RESTORED_LEDGER = "restored_ledger"
DIRECTLY = {"DATABASE_POOL_MODE": "session", "DATABASE_REPLICA_HOST": ""}


class Command(BaseCommand):
    help = "Run the jobs of the night at their times; JOB_STAMPS_DIR keeps the times of successes and failures."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--once", action="store_true", help="run what is due and end")

    def handle(self, *args: Any, once: bool, **options: Any) -> None:
        if not settings.JOB_STAMPS_DIR:
            raise CommandError("Set JOB_STAMPS_DIR.")
        while True:
            for job in JOBS:
                if is_due(job, timezone.now()):
                    self.run(job.name, (*job.command, *(seal_options() if job.name == "seal" else ())))
            if stamped_at("restored") > last_run_at(RESTORED_LEDGER):
                host, _, port = settings.RESTORED_DATABASE.partition(":")
                self.run(
                    RESTORED_LEDGER, ("verify_ledger",), {**DIRECTLY, "DATABASE_HOST": host, "DATABASE_PORT": port}
                )
            if once:
                return
            time.sleep(LOOK_SECONDS)

    def run(self, name: str, command: tuple[str, ...], environment: Mapping[str, str] | None = None) -> None:
        """Run one command, let its output pass, and leave the stamp of its end."""
        began = time.monotonic()
        line = [sys.executable, "manage.py", *command]
        done = subprocess.run(line, env={**os.environ, **(environment or {})}, check=False)  # noqa: S603  (no shell)
        outcome = "failed" if done.returncode else "ok"
        Path(settings.JOB_STAMPS_DIR, f"{name}.{outcome}").touch()
        self.stdout.write(f"{name}: {outcome} after {time.monotonic() - began:.0f} s")


def is_due(job: Job, moment: datetime) -> bool:
    """Tell whether a job has not succeeded since it was due, and has not just failed."""
    return stamped_at(f"{job.name}.ok") < job.due_at(moment) and stamped_at(f"{job.name}.failed") + RETRY < moment


def stamped_at(stamp: str) -> datetime:
    """Return the time of a stamp; long ago if there is none."""
    path = Path(settings.JOB_STAMPS_DIR, stamp)
    return datetime.fromtimestamp(path.stat().st_mtime if path.exists() else 0, UTC)


def last_run_at(name: str) -> datetime:
    """Return when a job last ended, well or badly."""
    return max(stamped_at(f"{name}.ok"), stamped_at(f"{name}.failed"))


def seal_options() -> tuple[str, ...]:
    """Return where the next seal goes, and the newest earlier one, which the ledger must continue."""
    folder = Path(settings.SEALS_DIR or settings.JOB_STAMPS_DIR)
    earlier = sorted(folder.glob("ledger-*.seal"))[-1:]
    against = ("--against", str(earlier[0])) if earlier else ()
    return ("--seal", str(folder / f"ledger-{timezone.now():%Y%m%dT%H%M%SZ}.seal"), *against)
