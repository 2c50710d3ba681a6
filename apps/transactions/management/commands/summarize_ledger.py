"""manage.py summarize_ledger: bring the totals of the home page up to date, for a timer or after a long silence."""

from typing import Any

from django.core.management.base import BaseCommand

from apps.transactions.totals import summaries


class Command(BaseCommand):
    help = "Add all new ledger entries to the totals by hour and by day that the back office shows."

    def handle(self, *args: Any, **options: Any) -> None:
        batches = 0
        while summaries.add_next_batch():
            batches += 1
        self.stdout.write(f"Up to date ({batches} batches of at most {summaries.BATCH_ENTRIES:,} entries).")
