"""The verdict: the operator's book against our deliveries and the ledger, row by row. Django must be set up."""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

BookRow = tuple[str, str, str, str, str, int, int, str]  # as `simulator.book.COLUMNS`

_DELIVERIES = """
SELECT d.entry_id::text, d.status, e.phone_number, coalesce(e.face_value, e.amount), d.operator_reference,
       (SELECT count(*) FROM transactions_ledgerentry r WHERE r.seller_id = e.seller_id AND r.reverses_id = e.id)
FROM delivery_delivery d JOIN transactions_ledgerentry e ON e.id = d.entry_id"""


@dataclass(frozen=True, slots=True)
class Sold:
    """A charge that an operator delivers, as our database has it."""

    reference: str
    status: str
    phone_number: str
    amount: Decimal
    operator_reference: str
    reversals: int


def sold() -> list[Sold]:
    """Read every delivery with its charge and the number of its reversals."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(_DELIVERIES)
        return [Sold(*row) for row in cursor.fetchall()]


def rows_of(text: str) -> list[BookRow]:
    """Return the rows of a book that was read as CSV."""
    found = list(csv.reader(io.StringIO(text)))[1:]
    return [(row[0], row[1], row[2], row[3], row[4], int(row[5]), int(row[6]), row[7]) for row in found]


def judge(charges: Sequence[Sold], book: Sequence[BookRow]) -> list[str]:
    """Return each disagreement between deliveries that are settled and the operator's book."""
    by_reference = {row[0]: row for row in book}
    complaints = [f"{row[0]}: acted {row[5]} times" for row in book if row[5] > 1]
    complaints += [f"{row[0]}: a reference without a charge" for row in _strangers(charges, by_reference)]
    for charge in charges:
        complaints += [f"{charge.reference}: {text}" for text in _faults(charge, by_reference.get(charge.reference))]
    return complaints


def _strangers(charges: Sequence[Sold], book: Mapping[str, BookRow]) -> Iterator[BookRow]:
    known = {charge.reference for charge in charges}
    yield from (row for reference, row in book.items() if reference not in known)


def _faults(charge: Sold, row: BookRow | None) -> Iterator[str]:
    """Yield what is wrong with a charge: a failed one is given back once, a delivered one is paid, here as there."""
    if charge.status not in ("delivered", "failed"):
        yield f"still {charge.status}"
        return
    if charge.reversals != (charge.status == "failed"):
        yield f"{charge.status}, with {charge.reversals} reversals"
    if row is None:
        yield f"{charge.status}, and the operator never heard of it"
        return
    _, reference, phone_number, amount, status, acted, _, _ = row
    if (phone_number, Decimal(amount), reference) != (charge.phone_number, charge.amount, charge.operator_reference):
        yield f"the operator has {phone_number}, {amount}, {reference}"
    if (status, acted) != (("delivered", 1) if charge.status == "delivered" else ("refused", 0)):
        yield f"{charge.status} here, {status} there"
