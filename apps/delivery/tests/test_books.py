"""The operator's book against ours: each way in which they can differ, and files that are no book."""

from datetime import date, timedelta
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from apps.accounts.models import Seller
from apps.core.values.business_day import business_day
from apps.core.values.ids import uuid7
from apps.delivery.adapters.protocol import Outcome
from apps.delivery.metrics import book_gauges
from apps.delivery.models import BookComparison
from apps.testing.deliveries import CODE, make_operator, sell_delivered, take
from apps.testing.factories import make_seller
from apps.transactions.models import LedgerEntry

pytestmark = pytest.mark.django_db


@pytest.fixture
def seller() -> Seller:
    make_operator()
    return make_seller(balance="100.00")


def settled(seller: Seller, outcome: Outcome) -> LedgerEntry:
    entry = sell_delivered(seller, "5.00")
    take(entry, outcome)
    return entry


def today() -> date:
    return business_day(timezone.now())


def compare(folder: Path, *rows: tuple[object, str, str], day: date | None = None) -> tuple[int, str]:
    """Run the command on a book with these rows; return its exit code and output."""
    file, out = folder / "book.csv", StringIO()
    lines = [f"{reference},R,+98,{amount},{status}" for reference, amount, status in rows]
    file.write_text("\n".join(["reference,operator_reference,phone_number,amount,status", *lines]) + "\n")
    try:
        call_command("reconcile_operator", CODE, str(file), f"--day={day or today()}", stdout=out)
    except SystemExit as end:
        return int(str(end.code)), out.getvalue()
    return 0, out.getvalue()


def gauges() -> dict[str, float]:
    return {metric.name: sample.value for metric in book_gauges() for sample in metric.samples}


def test_books_that_agree(seller: Seller, tmp_path: Path) -> None:
    delivered, refused = settled(seller, Outcome.DELIVERED), settled(seller, Outcome.REFUSED)
    settled(seller, Outcome.REFUSED)  # an operator need not keep a line of what it refused

    code, text = compare(tmp_path, (delivered.pk, "5.00", "delivered"), (refused.pk, "5", "refused"))

    assert (code, text.splitlines()[-1]) == (
        0, f"{today()}: 2 rows, 2 agree, 0 are not settled here, 0 differ.",
    )  # fmt: skip
    assert gauges()["sharj_operator_books_discrepancies"] == 0


def test_each_difference_is_named(seller: Seller, tmp_path: Path) -> None:
    missing, other_amount, other_end = (settled(seller, Outcome.DELIVERED) for _ in range(3))
    back = settled(seller, Outcome.REFUSED)
    stranger = uuid7()

    code, text = compare(
        tmp_path,
        (other_amount.pk, "6.00", "delivered"), (other_end.pk, "5.00", "refused"), (back.pk, "5.00", "delivered"),
        (stranger, "9.00", "delivered"), ("not-ours-77", "9.00", "delivered"),
    )  # fmt: skip

    assert code == 1
    assert text.splitlines()[:-1] == [
        f"{other_amount.pk}: other_amount, here 5.00, there 6.00",
        f"{other_end.pk}: other_outcome, here delivered, there refused",
        f"{back.pk}: other_outcome, here failed, there delivered",
        f"{stranger}: missing_here, here -, there delivered 9.00",
        "not-ours-77: missing_here, here -, there delivered 9.00",
        f"{missing.pk}: missing_there, here delivered, there -",
    ]
    assert gauges()["sharj_operator_books_discrepancies"] == 6
    assert BookComparison.objects.get().found.count() == 6


def test_what_is_not_settled_is_counted_and_does_not_differ(seller: Seller, tmp_path: Path) -> None:
    unknown, pending = settled(seller, Outcome.UNKNOWN), sell_delivered(seller, "5.00")

    code, text = compare(tmp_path, (unknown.pk, "5.00", "delivered"))

    assert (code, "2 are not settled here, 0 differ" in text) == (0, True)
    assert pending


def test_a_charge_that_the_operator_made_twice_is_named(seller: Seller, tmp_path: Path) -> None:
    delivered = settled(seller, Outcome.DELIVERED)
    line = (delivered.pk, "5.00", "delivered")

    code, text = compare(tmp_path, line, line)

    assert (code, text.splitlines()[0]) == (1, f"{delivered.pk}: repeated_there, here delivered, there delivered")


def test_another_day_is_not_asked_for(seller: Seller, tmp_path: Path) -> None:
    delivered = settled(seller, Outcome.DELIVERED)
    yesterday = today() - timedelta(days=1)

    assert compare(tmp_path, day=yesterday)[0] == 0
    assert compare(tmp_path, (delivered.pk, "5.00", "delivered"), day=yesterday)[0] == 0  # its day ended later


def test_another_operators_charge_is_missing_here(seller: Seller, tmp_path: Path) -> None:
    delivered = settled(seller, Outcome.DELIVERED)
    make_operator("other", carrier_names=[])
    file = tmp_path / "book.csv"
    file.write_text(f"reference,amount,status\n{delivered.pk},5.00,delivered\n")
    with pytest.raises(SystemExit):
        call_command("reconcile_operator", "other", str(file), f"--day={today()}", stdout=StringIO())
    assert BookComparison.objects.get().found.get().kind == "missing_here"


@pytest.mark.parametrize(
    "content",
    [
        b"", b"reference,amount\n", b"reference,amount,status\nx,NaN,delivered\n",
        b"reference,amount,status\nx,much,delivered\n", b"reference,amount,status\n,5.00,delivered\n",
        b"reference,amount,status\nx\n", b"\xff\xfe\x00",
    ],
)  # fmt: skip
def test_a_file_that_is_no_book_is_refused(seller: Seller, tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "book.csv"
    file.write_bytes(content)
    with pytest.raises(CommandError) as refused:
        call_command("reconcile_operator", CODE, str(file), stdout=StringIO())
    assert refused.value.returncode == 2
    assert not BookComparison.objects.exists()


def test_an_operator_that_does_not_exist_is_refused(seller: Seller, tmp_path: Path) -> None:
    with pytest.raises(CommandError):
        call_command("reconcile_operator", "ghost", str(tmp_path), stdout=StringIO())
