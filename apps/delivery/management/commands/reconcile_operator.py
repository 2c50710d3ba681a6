"""manage.py reconcile_operator: compare a day's deliveries with the operator's own CSV."""

from argparse import ArgumentParser
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from apps.core.values.business_day import business_day
from apps.delivery.books import UnreadableBook, compare_books
from apps.delivery.models import Operator


class Command(BaseCommand):
    help = (
        "Compare the deliveries of one business day with the operator's own book, a CSV with the columns reference, "
        "amount and status (delivered or refused). Exits with 1 if they differ, with 2 if the file cannot be read."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("operator", help="the operator's code")
        parser.add_argument("file", type=Path)
        parser.add_argument("--day", type=date.fromisoformat, help="the business day; yesterday when not given")

    def handle(self, *args: Any, operator: str, file: Path, day: date | None, **options: Any) -> None:
        row = Operator.objects.filter(pk=operator).first()
        if row is None:
            raise CommandError("No operator has this code.", returncode=2)
        try:
            day = day or business_day(timezone.now()) - timedelta(days=1)
            comparison = compare_books(operator=row, day=day, file=file)
        except (UnreadableBook, OSError) as error:
            raise CommandError(str(error), returncode=2) from error
        for found in comparison.found.all():
            self.stdout.write(f"{found.reference}: {found.kind}, here {found.here or '-'}, there {found.there or '-'}")
        self.stdout.write(
            f"{day}: {comparison.rows:,} rows, {comparison.agreeing:,} agree, {comparison.open_here:,} are not settled "
            f"here, {comparison.discrepancies:,} differ."
        )
        if comparison.discrepancies:
            raise SystemExit(1)
