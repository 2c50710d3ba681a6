"""The comparison of a day's deliveries with the operator's own book, a CSV with `reference`, `amount` and `status`."""

import csv
import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from itertools import islice
from pathlib import Path
from uuid import UUID

from django.db import transaction

from apps.core.values.business_day import day_begins
from apps.delivery.models import BookComparison, BookDiscrepancy, Delivery, DeliveryStatus, Operator

BATCH_ROWS = 1_000
COLUMNS = frozenset({"reference", "amount", "status"})
# What an operator's words for an end mean here; a row with another word is of a top-up that has not ended there.
ENDS = {"delivered": DeliveryStatus.DELIVERED, "refused": DeliveryStatus.FAILED}


class UnreadableBook(Exception):
    """The file is not a book: its columns or one of its rows make no sense."""


@dataclass(slots=True)
class _Tally:
    """The findings so far."""

    rows: int = 0
    agreeing: int = 0
    open_here: int = 0
    found: list[BookDiscrepancy] = field(default_factory=list)
    seen: set[UUID] = field(default_factory=set)

    def add(self, kind: BookDiscrepancy.Kind, reference: object, *, here: object = "", there: object = "") -> None:
        self.found.append(
            BookDiscrepancy(kind=kind, reference=str(reference)[:64], here=str(here)[:64], there=str(there)[:64])
        )


def compare_books(*, operator: Operator, day: date, file: Path) -> BookComparison:
    """Compare the deliveries that were sold to `operator` on `day` with its book, and keep what differs.

    A row may be of another day than its charge, because days end at different times: it is looked up wherever it is.
    Deliveries that are not settled yet are counted, not reported as discrepancies: inquiries settle them.

    Raises:
        UnreadableBook: the file is not a book.
    """
    tally = _Tally()
    rows = _read(file)
    while batch := list(islice(rows, BATCH_ROWS)):
        _compare_batch(operator, batch, tally)
    _find_missing_there(operator, day, tally)
    with transaction.atomic(durable=True):
        comparison = BookComparison.objects.create(
            operator=operator,
            day=day,
            file_name=file.name[:200],
            file_sha256=hashlib.sha256(file.read_bytes()).hexdigest(),
            rows=tally.rows,
            agreeing=tally.agreeing,
            open_here=tally.open_here,
            discrepancies=len(tally.found),
        )
        for discrepancy in tally.found:
            discrepancy.comparison = comparison
        BookDiscrepancy.objects.bulk_create(tally.found, batch_size=BATCH_ROWS)
    return comparison


def _read(file: Path) -> Iterator[tuple[str, Decimal, str]]:
    """Yield reference, amount and status of each row."""
    with file.open(encoding="utf-8-sig", newline="") as lines:
        book = csv.DictReader(lines)
        try:
            if not set(book.fieldnames or ()) >= COLUMNS:
                raise UnreadableBook(f"{file.name}: the columns {', '.join(sorted(COLUMNS))} are needed.")
            for row in book:
                amount = Decimal(row["amount"])
                if not amount.is_finite() or not row["reference"]:
                    raise InvalidOperation
                yield row["reference"], amount, row["status"]
        except (InvalidOperation, TypeError, csv.Error, UnicodeDecodeError) as error:
            raise UnreadableBook(f"{file.name}, line {book.line_num}: not a row of a book.") from error


def _compare_batch(operator: Operator, batch: Sequence[tuple[str, Decimal, str]], tally: _Tally) -> None:
    ids = [found for found in (_uuid(reference) for reference, _, _ in batch) if found]
    ours = Delivery.objects.filter(operator=operator).select_related("entry").in_bulk(ids)
    for reference, amount, status in batch:
        tally.rows += 1
        delivery = ours.get(_uuid(reference))
        if delivery is None:
            tally.add(BookDiscrepancy.Kind.MISSING_HERE, reference, there=f"{status} {amount}")
        elif delivery.pk in tally.seen:
            tally.add(BookDiscrepancy.Kind.REPEATED_THERE, reference, here=delivery.status, there=status)
        else:
            tally.seen.add(delivery.pk)
            _compare_row(delivery, amount, status, tally)


def _compare_row(delivery: Delivery, amount: Decimal, status: str, tally: _Tally) -> None:
    end = ENDS.get(status)
    if delivery.entry.worth != amount:
        tally.add(BookDiscrepancy.Kind.OTHER_AMOUNT, delivery.pk, here=delivery.entry.worth, there=amount)
    elif not delivery.is_settled:
        tally.open_here += 1
    elif end != delivery.status:
        tally.add(BookDiscrepancy.Kind.OTHER_OUTCOME, delivery.pk, here=delivery.status, there=status)
    else:
        tally.agreeing += 1


def _find_missing_there(operator: Operator, day: date, tally: _Tally) -> None:
    """Find what is delivered here and not in the book; of refused charges an operator need not keep a line."""
    begin, end = day_begins(day), day_begins(day + timedelta(days=1))
    of_day = Delivery.objects.filter(operator=operator, created_at__gte=begin, created_at__lt=end)
    for delivery_id, status in of_day.values_list("pk", "status").iterator(BATCH_ROWS):
        if delivery_id in tally.seen:
            continue
        if status == DeliveryStatus.DELIVERED:
            tally.add(BookDiscrepancy.Kind.MISSING_THERE, delivery_id, here=status)
        elif status != DeliveryStatus.FAILED:
            tally.open_here += 1


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
