"""manage.py rotate_events: make the partitions of coming days, and drop those of events older than 30 days."""

from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand
from django.db import connection
from django.utils import timezone

from apps.outbox.services import remove_about_events_before

KEPT = timedelta(days=30)


class Command(BaseCommand):
    help = (
        "Make the partitions of the outbox for the next week, and drop events older than 30 days, with their "
        "deliveries. Repeat it each day."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        """Call the database's own functions: the application's role may neither make nor drop tables."""
        with connection.cursor() as cursor:
            cursor.execute("SELECT outbox_make_partitions()")
            made = cursor.fetchone()[0]
            cursor.execute("SELECT outbox_drop_partitions()")
            dropped = cursor.fetchone()[0]
        removed = remove_about_events_before(timezone.now() - KEPT)
        self.stdout.write(f"{made} days made, {dropped} dropped, and {removed} deliveries of webhooks")
