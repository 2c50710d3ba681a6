"""tools/verify_export.py: an auditor with an export and a seal needs nothing of ours."""

import csv
import subprocess
import sys
from collections.abc import Callable
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command

from apps.accounts.models import Seller
from apps.core.api.csv_export import guard
from apps.credit_requests.services import approve_credit_request
from apps.testing.factories import add_credit, file_request, log_in, make_seller, make_staff, reverse, sell
from apps.testing.forgery import (
    change_amount,
    change_phone_number,
    delete_entry,
    rewrite_history,
    swap_entries,
)
from apps.transactions.models import LedgerEntry
from config.env_file import REPOSITORY

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def seller() -> Seller:
    """A seller with five entries: a credit of 100.00 and four sales of 10.00."""
    seller = make_seller(balance="100.00")
    for _ in range(4):
        sell(seller, "10.00")
    return seller


@pytest.fixture
def export(tmp_path: Path) -> Path:
    return tmp_path / "export.csv"


def download(export: Path, path: str = "transactions/") -> None:
    export.write_bytes(log_in(make_staff("auditor")).get(path, Accept="text/csv").content)


def verify(export: Path, *arguments: object) -> tuple[int, list[str]]:
    """Run the script without our packages; return its exit code and its lines."""
    command = [
        sys.executable,
        "-I",
        "-S",
        str(REPOSITORY / "tools/verify_export.py"),
        str(export),
        *map(str, arguments),
    ]
    result = subprocess.run(command, capture_output=True, text=True, timeout=30, cwd=export.parent)
    return result.returncode, (result.stdout + result.stderr).splitlines()


def seal(path: Path) -> Path:
    call_command("verify_ledger", "--seal", str(path), stdout=StringIO())
    return path


@pytest.mark.parametrize("order", ["transactions/", "sellers/{}/transactions/", "sellers/{}/statement/"])
def test_an_honest_export_has_no_fault_in_either_order(
    seller: Seller, export: Path, tmp_path: Path, order: str
) -> None:
    request = file_request(seller, "5.00", note='=1+1 | "é",\n\'')
    approve_credit_request(credit_request_id=request.pk, approved_by=make_staff("admin"))
    reverse(sell(seller, "1.00", key="'@k|"), reason="-x")
    reverse(LedgerEntry.objects.get(seller=seller, sequence=2))
    download(export, order.format(seller.pk))
    assert verify(export, "--seal", seal(tmp_path / "seal")) == (0, ["9 entries of 1 sellers: no fault."])


def test_a_part_is_verified_as_one(seller: Seller, export: Path) -> None:
    begin = LedgerEntry.objects.get(seller=seller, sequence=3).created_at.isoformat().replace("+00:00", "Z")
    download(export, f"transactions/?created_after={begin}")
    assert verify(export, "--part") == (0, ["3 entries of 1 sellers: no fault."])
    assert verify(export)[1][0] == f"seller {seller.pk}, entry 1: is missing or not in its place"
    change_phone_number(seller)
    download(export, f"transactions/?created_after={begin}")
    assert verify(export, "--part")[0] == 0  # the hash before it is not there: a seal of that time shows it
    change_amount(seller, 4)
    download(export, f"transactions/?created_after={begin}")
    assert verify(export, "--part")[0] == 1


MISMATCH = "what it says does not match its hash"
MISSING = "is missing or not in its place"


@pytest.mark.parametrize(
    ("tamper", "sequence", "fault"),
    [
        (change_amount, 3, MISMATCH),
        (change_phone_number, 3, MISMATCH),
        (lambda seller: delete_entry(seller, 3), 3, MISSING),
        (lambda seller: delete_entry(seller, 1), 1, MISSING),
        (swap_entries, 3, MISSING),
    ],
    ids=["changed amount", "changed phone number", "deleted middle entry", "deleted first entry", "swapped entries"],
)
def test_tampering_is_named(
    seller: Seller, export: Path, tamper: Callable[[Seller], None], sequence: int, fault: str
) -> None:
    add_credit(make_seller(), "1.00")
    tamper(seller)
    download(export)
    code, lines = verify(export)
    assert (code, lines[:-1]) == (1, [f"seller {seller.pk}, entry {sequence}: {fault}"])


@pytest.mark.parametrize(
    ("tamper", "message"),
    [
        (rewrite_history, "entry 5: it or an entry before it was rewritten since the seal"),
        (lambda seller: delete_entry(seller, 5), "entry 5: was deleted since the seal, which ends with entry 5"),
    ],
    ids=["recomputed chain", "deleted last entry"],
)
def test_a_seal_shows_what_the_export_alone_does_not(
    seller: Seller, export: Path, tmp_path: Path, tamper: Callable[[Seller], None], message: str
) -> None:
    sealed = seal(tmp_path / "seal")
    tamper(seller)
    download(export)
    assert verify(export)[0] == 0
    assert verify(export, "--seal", sealed)[1][0] == f"seller {seller.pk}, {message}"


def rewrite_row(export: Path, sequence: int, **changes: str) -> None:
    """Change one row of the file itself."""
    with export.open(newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        if row["sequence"] == str(sequence):
            row.update(changes)
    with export.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


@pytest.mark.parametrize(
    ("sequence", "changes", "fault"),
    [
        (3, {"balance_before": "91.00"}, "the amount does not lead from one balance to the other"),
        (3, {"amount": "NaN"}, "the amount does not lead from one balance to the other"),
        (3, {"credit_account": "platform:funding"}, "the legs are not those of its type"),
        (3, {"type": "gift"}, "the legs are not those of its type"),
        (4, {"balance_before": "81.00", "balance_after": "71.00"}, "does not begin with the balance that was left"),
        (4, {"created_at": "2020-01-01T00:00:00.000000Z"}, "is not dated after the one before it"),
        (6, {"amount": "9.00", "balance_after": "69.00"}, "does not mirror entry 5"),
        (6, {"reverses": "0197f3a0-7c1e-7b6a-9d1f-3f6f0c2f8a11"}, "reverses an entry that does not exist"),
    ],
)
def test_each_fault_has_its_name(
    seller: Seller, export: Path, sequence: int, changes: dict[str, str], fault: str
) -> None:
    reverse(LedgerEntry.objects.get(seller=seller, sequence=5))
    download(export)
    rewrite_row(export, sequence, **{name: guard(value) for name, value in changes.items()})
    code, lines = verify(export)
    assert code == 1
    assert f"seller {seller.pk}, entry {sequence}: {fault}" in lines


def test_what_cannot_be_verified_is_told(seller: Seller, export: Path, tmp_path: Path) -> None:
    assert verify(export)[0] == 2
    export.write_text("a,b\n1,2\n")
    assert verify(export)[0] == 2
    download(export)
    sealed = seal(tmp_path / "seal")
    sealed.write_text(sealed.read_text().replace(" 5 ", " 4 "))
    code, lines = verify(export, "--seal", sealed)
    assert (code, "damaged" in lines[0]) == (2, True)
