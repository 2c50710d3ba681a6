"""manage.py distribute_ledger: bring the ledger to the nodes of Citus, and try there what must be refused."""

from argparse import ArgumentParser
from collections import Counter
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apps.core.database.citus import distribution
from apps.core.database.citus.guards import Finding, check_guards
from apps.transactions.models import LedgerEntry


class Command(BaseCommand):
    help = "Distribute the ledger over the nodes of Citus by seller; then try on every node what must be refused."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--shards", type=int, default=32, help="number of shards (default 32)")
        parser.add_argument("--check", action="store_true", help="distribute nothing, only try what must be refused")
        parser.add_argument(
            "--most-minutes", type=float, default=10.0, help="refuse a ledger that takes longer (default 10)"
        )

    def handle(self, *args: Any, shards: int, check: bool, most_minutes: float, **options: Any) -> None:
        say = self.stdout.write if options["verbosity"] else lambda _: None
        try:
            distribution.check_ready(LedgerEntry._meta.db_table, most_minutes)
            if not check:
                distribution.distribute(shards, say)
                distribution.guard_shards(say)
            self.check_guards(say)
        except distribution.NotReady as reason:
            raise CommandError(str(reason)) from reason

    def check_guards(self, say: distribution.Say) -> None:
        """Try everything; fail with each attempt that was let through, and where."""
        tried: Counter[str] = Counter()
        faults: list[Finding] = []
        for finding in check_guards():
            tried[finding.attempt] += 1
            if finding.fault:
                faults.append(finding)
        for attempt, places in tried.items():
            say(f"{attempt}: tried in {places} places")
        if faults:
            lines = (f"{fault.attempt} on {fault.place}: {fault.fault}" for fault in faults)
            raise CommandError("What must be refused was not:\n  " + "\n  ".join(lines))
        if not tried:
            raise CommandError("Nothing was tried: the ledger is not distributed.")
        say(f"{tried.total()} attempts, all refused.")
