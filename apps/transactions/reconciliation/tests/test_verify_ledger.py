"""manage.py verify_ledger against rows that were changed with superuser rights, triggers off."""

import re
import sys
from collections.abc import Callable, Mapping
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from apps.accounts.models import Seller
from apps.testing.factories import NEVER, make_seller, reverse, sell
from apps.testing.forgery import (
    ENTRY,
    change_amount,
    change_phone_number,
    delete_entry,
    rewrite_history,
    set_wallet,
    swap_entries,
)
from apps.testing.tampering import change_by_hand, superuser_without_triggers
from apps.testing.verdicts import found, verify
from apps.transactions.ledger.chain import NO_HASH, Chain, Row, hash_entry
from apps.transactions.models import LedgerEntry

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def seller() -> Seller:
    """A seller with five entries: a credit of 100.00 and four sales of 10.00."""
    seller = make_seller(balance="100.00")
    for _ in range(4):
        sell(seller, "10.00")
    return seller


TAMPERINGS: Mapping[str, tuple[Callable[[Seller], None], int, set[str]]] = {
    "changed amount": (change_amount, 3, {"hash"}),
    "changed phone number": (change_phone_number, 3, {"hash"}),
    "deleted last entry": (lambda seller: delete_entry(seller, 5), 5, {"wallet"}),
    "deleted middle entry": (lambda seller: delete_entry(seller, 3), 3, {"sequence"}),
    "deleted first entry": (lambda seller: delete_entry(seller, 1), 1, {"sequence"}),
    "swapped entries": (swap_entries, 3, {"balance", "hash"}),
    "changed wallet balance": (lambda seller: set_wallet(seller, "60.01", 5), 5, {"wallet"}),
    "changed wallet sequence": (lambda seller: set_wallet(seller, "60.00", 6), 6, {"wallet"}),
    "deleted wallet": (
        lambda seller: change_by_hand("DELETE FROM transactions_wallet WHERE seller_id = %s", seller.pk),
        5,
        {"wallet"},
    ),
}


def test_an_honest_ledger_has_no_fault(seller: Seller) -> None:
    reverse(sell(seller, "5.00", key="k|1"), reason="wrong | number é")
    reverse(LedgerEntry.objects.get(seller=seller, sequence=2))
    make_seller()
    code, document = verify()
    assert (code, document["verified"], document["problems"]) == (0, True, [])
    assert (document["sellers"], document["entries"]) == (2, 8)


def test_an_empty_ledger_has_no_fault() -> None:
    assert found() == []


@pytest.mark.parametrize(("tamper", "sequence", "faults"), TAMPERINGS.values(), ids=list(TAMPERINGS))
def test_tampering_is_named(seller: Seller, tamper: Callable[[Seller], None], sequence: int, faults: set[str]) -> None:
    other = make_seller(balance="5.00")
    assert found() == []
    tamper(seller)
    assert found() == found("--seller-id", seller.pk) == [(str(seller.pk), sequence, faults)]
    assert found("--seller-id", other.pk) == []


def test_a_wallet_without_entries_must_be_empty() -> None:
    seller = make_seller()
    set_wallet(seller, "5.00", 0)
    assert found() == [(str(seller.pk), 0, {"wallet"})]


def test_every_broken_chain_is_named(seller: Seller) -> None:
    other = make_seller(balance="5.00")
    change_phone_number(seller)
    set_wallet(other, "6.00", 1)
    assert found() == sorted([(str(seller.pk), 3, {"hash"}), (str(other.pk), 1, {"wallet"})])


def test_text_names_seller_sequence_and_fault(seller: Seller) -> None:
    delete_entry(seller, 3)
    out = StringIO()
    with pytest.raises(SystemExit):
        call_command("verify_ledger", stdout=out)
    assert out.getvalue().splitlines() == [
        f"seller {seller.pk}, entry 3: missing: entry 4 stands in its place",
        "4 entries of 1 sellers: 1 sellers with faults.",
        "1 lines of the audit trail: no fault.",
    ]


def test_people_see_a_bar(seller: Seller, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("verify_ledger")
    assert capsys.readouterr().err == ""
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    call_command("verify_ledger")
    assert re.fullmatch(r"\r\[#+\] 100%  5 entries\n", capsys.readouterr().err)


def test_a_rewritten_chain_is_found_by_a_seal_only(seller: Seller, tmp_path: Path) -> None:
    assert found("--seal", tmp_path / "seal") == []
    sell(seller, "1.00")
    assert found("--against", tmp_path / "seal") == []
    delete_entry(seller, 6)
    rewrite_history(seller)
    assert found() == []
    assert found("--against", tmp_path / "seal") == [(str(seller.pk), 5, {"seal"})]


def test_several_seals_close_in_on_the_rewritten_entry(tmp_path: Path) -> None:
    seller = make_seller(balance="100.00")
    seals: list[object] = []
    for number in range(1, 6):
        found("--seal", tmp_path / str(number))
        seals += ["--against", tmp_path / str(number)]
        sell(seller, "10.00")
    delete_entry(seller, 6)
    set_wallet(seller, "60.00", 5)
    rewrite_history(seller)
    code, document = verify(*seals)
    detail = "rewritten since the seal: an entry from 3 to 3"
    assert (code, document["problems"]) == (
        1,
        [{"seller_id": str(seller.pk), "sequence": 3, "faults": {"seal": detail}}],
    )


def test_a_chain_cut_short_is_found_by_a_seal(seller: Seller, tmp_path: Path) -> None:
    found("--seal", tmp_path / "seal")
    delete_entry(seller, 5)
    set_wallet(seller, "70.00", 4)
    assert found() == []
    assert found("--against", tmp_path / "seal") == [(str(seller.pk), 5, {"seal"})]


def test_a_chain_that_is_gone_is_found_by_a_seal(seller: Seller, tmp_path: Path) -> None:
    found("--seal", tmp_path / "seal")
    with superuser_without_triggers() as statement:
        for table in (ENTRY, "transactions_wallet"):
            statement.execute(f"DELETE FROM {table} WHERE seller_id = %s", [str(seller.pk)])
    assert found() == []
    assert found("--against", tmp_path / "seal") == [(str(seller.pk), 1, {"seal"})]
    assert found("--against", tmp_path / "seal", "--seller-id", make_seller().pk) == []


def test_a_broken_ledger_is_not_sealed(seller: Seller, tmp_path: Path) -> None:
    seal = tmp_path / "seal"
    found("--seal", seal)
    before = seal.read_bytes()
    change_phone_number(seller)
    assert found("--seal", seal)
    assert seal.read_bytes() == before
    assert list(tmp_path.iterdir()) == [seal]


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: text.replace(" 5 ", " 4 "),
        lambda text: text.replace("sharj", "other"),
        lambda text: "\n".join(text.splitlines()[:-1]),
        lambda text: text[:-10],
        lambda text: "",
    ],
)
def test_a_damaged_seal_is_refused(seller: Seller, tmp_path: Path, damage: Callable[[str], str]) -> None:
    seal = tmp_path / "seal"
    found("--seal", seal)
    seal.write_text(damage(seal.read_text()))
    with pytest.raises(CommandError, match=r"not a seal|damaged") as error:
        verify("--against", seal)
    assert error.value.returncode == 2


def test_what_cannot_be_verified_is_told(seller: Seller, tmp_path: Path) -> None:
    for arguments in (
        ("--against", tmp_path / "missing"),
        ("--seal", tmp_path / "missing" / "seal"),
        ("--seal", tmp_path / "seal", "--seller-id", seller.pk),
        ("--seller-id", NEVER),
    ):
        with pytest.raises(CommandError) as error:
            verify(*arguments)
        assert error.value.returncode == 2


SELLER = "0197f3a0-7c1e-7b6a-9d1f-3f6f0c2f8a22"
WALLET = f"wallet:{SELLER}"
SALE = Row(
    seller_id=SELLER, sequence=2, id=str(NEVER),
    type="charge_sale", amount="3.00", balance_before="10.00", balance_after="7.00",
    debit_account=WALLET, credit_account="platform:charge_sales", phone_number="+989123456789",
    credit_request_id="", reverses_id="", created_by_id=str(NEVER), created_at="2026-01-01T00:00:01.000000Z",
    idempotency_key="", description="", entry_hash=None, reversed=None,
)  # fmt: skip
REVERSAL = SALE._replace(
    type="reversal", phone_number="", reverses_id=str(NEVER), debit_account=WALLET, credit_account="platform:funding",
    reversed=[SELLER, "3.00", WALLET, "platform:funding", "credit_increase"],
)  # fmt: skip


def chain_of_one() -> Chain:
    return Chain(SELLER, {}, sequence=1, balance="10.00", moment="2026-01-01T00:00:00.000000Z")


def faults_of(row: Row) -> set[str]:
    """Return the faults of an entry whose hash is right: what constraints and triggers would have refused."""
    return set(chain_of_one().extend(row._replace(entry_hash=memoryview(hash_entry(NO_HASH, row)))))


@pytest.mark.parametrize(
    ("row", "changes", "faults"),
    [
        (SALE, {}, set()),
        (SALE, {"sequence": 3}, {"sequence"}),
        (SALE, {"sequence": 1}, {"sequence"}),
        (SALE, {"balance_before": "11.00", "balance_after": "8.00"}, {"balance"}),
        (SALE, {"balance_after": "7.01"}, {"arithmetic"}),
        (SALE, {"amount": "-3.00", "balance_after": "13.00"}, {"arithmetic"}),
        (SALE, {"amount": "0.00", "balance_after": "10.00"}, {"arithmetic"}),
        (SALE, {"amount": "11.00", "balance_after": "-1.00"}, {"arithmetic"}),
        (SALE, {"amount": "NaN"}, {"arithmetic"}),
        (SALE, {"credit_account": "platform:funding"}, {"legs"}),
        (SALE, {"credit_account": WALLET, "balance_after": "13.00"}, {"legs"}),
        (SALE, {"type": "credit_increase"}, {"legs"}),
        (SALE, {"type": "gift"}, {"legs"}),
        (SALE, {"created_at": "2026-01-01T00:00:00.000000Z"}, {"order"}),
        (REVERSAL, {}, set()),
        (REVERSAL, {"reversed": None}, {"legs"}),
        (REVERSAL, {"reversed": [SELLER, "4.00", WALLET, "platform:funding", "credit_increase"]}, {"legs"}),
        (REVERSAL, {"reversed": [str(NEVER), "3.00", WALLET, "platform:funding", "credit_increase"]}, {"legs"}),
        (REVERSAL, {"reversed": [SELLER, "3.00", "platform:funding", WALLET, "credit_increase"]}, {"legs"}),
        (REVERSAL, {"reversed": [SELLER, "3.00", WALLET, "platform:funding", "reversal"]}, {"legs"}),
    ],
)
def test_each_fault_has_its_name(row: Row, changes: dict[str, Any], faults: set[str]) -> None:
    assert faults_of(row._replace(**changes)) == faults


def test_an_entry_without_a_hash_is_a_fault() -> None:
    assert set(chain_of_one().extend(SALE)) == {"hash"}
