"""manage.py distribute_ledger: bring the ledger from one PostgreSQL to the nodes of Citus, and try what must be refused."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from apps.core.database.citus.distribution import distribute


class Command(BaseCommand):
    help = "Distribute the ledger over the nodes of Citus by seller; then try on every node what must be refused."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--shards", type=int, default=32, help="number of shards (default 32)")
        parser.add_argument("--check", action="store_true", help="distribute nothing, only try what must be refused")

    def handle(self, *args: Any, shards: int, check: bool, **options: Any) -> None:
        if not check:
            distribute(shards, self.stdout.write if options["verbosity"] else lambda _: None)
