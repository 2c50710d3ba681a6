"""Entries that are dated before a seal that does not have them."""

from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path

import pytest
from django.core.management.base import CommandError

from apps.accounts.models import Seller
from apps.core.values.ids import uuid7_at
from apps.core.values.times import format_time
from apps.testing import citus
from apps.testing.constraints import database_as
from apps.testing.factories import make_seller, sell
from apps.testing.forgery import date_newest
from apps.testing.raw_entries import next_sale, post
from apps.testing.verdicts import found

pytestmark = pytest.mark.django_db(transaction=True)


a_minute_back = pytest.mark.skipif(
    citus.is_wanted(), reason="a seal of a cluster is taken a minute back, before the entries of the test"
)


@pytest.fixture
def seller() -> Seller:
    """A seller with two entries."""
    seller = make_seller(balance="100.00")
    sell(seller, "10.00")
    return seller


def taken_at(seal: Path) -> datetime:
    return datetime.fromisoformat(seal.read_text().split("taken_at ")[1].split()[0])


@a_minute_back
def test_an_entry_that_is_dated_before_a_seal_without_it_is_found(seller: Seller, tmp_path: Path) -> None:
    seal = tmp_path / "seal"
    found("--seal", seal)
    sell(seller)
    assert found("--against", seal) == []
    date_newest(seller, format_time(taken_at(seal) - timedelta(microseconds=1)))
    assert found() == []
    assert found("--against", seal) == [(str(seller.pk), 3, {"seal"})]
    date_newest(seller, format_time(taken_at(seal)))
    assert found("--against", seal) == []


def test_the_first_entry_of_a_seller_is_found_too(tmp_path: Path) -> None:
    seal, seller = tmp_path / "seal", make_seller()
    found("--seal", seal)
    sell_later = make_seller(balance="1.00")
    date_newest(sell_later, "2020-01-01")
    assert found("--against", seal) == [(str(sell_later.pk), 1, {"seal"})]
    assert found("--against", seal, "--seller-id", seller.pk) == []


@a_minute_back
def test_each_of_several_seals_is_asked(seller: Seller, tmp_path: Path) -> None:
    seals: list[object] = []
    for number in range(3):
        found("--seal", tmp_path / str(number))
        seals += ["--against", tmp_path / str(number)]
        sell(seller)
    assert found(*seals) == []
    date_newest(seller, format_time(taken_at(tmp_path / "2") - timedelta(microseconds=1)))
    assert found(*seals) == [(str(seller.pk), 5, {"seal"})]
    assert found(*seals[:4]) == []


def test_a_seal_of_the_first_format_is_read_with_a_minute_of_slack(tmp_path: Path) -> None:
    seal = tmp_path / "seal"
    found("--seal", seal)
    text = "".join(seal.read_text().replace("seal 2", "seal 1").splitlines(keepends=True)[:-1])
    seal.write_text(f"{text}sha256 {sha256(text.encode()).hexdigest()}\n")
    seller = make_seller(balance="1.00")
    for age, problems in ((60, []), (61, [(str(seller.pk), 1, {"seal"})])):
        date_newest(seller, format_time(taken_at(seal) - timedelta(seconds=age)))
        assert found("--against", seal) == problems


def test_a_sale_that_is_committed_after_the_seal_but_dated_before_it_is_no_fault(
    seller: Seller, tmp_path: Path
) -> None:
    with database_as("app") as selling:
        selling.execute("SELECT FROM transactions_wallet WHERE seller_id = %s FOR NO KEY UPDATE", [str(seller.pk)])
        selling.execute("SELECT clock_timestamp()")
        [moment] = selling.fetchone()
        sale = next_sale(seller, created_at=moment, id=uuid7_at(moment))
        found("--seal", tmp_path / "seal")
        post(selling, sale)
    assert found("--against", tmp_path / "seal") == []


def test_a_moment_that_is_none_is_told(tmp_path: Path) -> None:
    seal = tmp_path / "seal"
    text = "sharj-ledger-seal 2\ntaken_at yesterday\n"
    seal.write_text(f"{text}sha256 {sha256(text.encode()).hexdigest()}\n")
    with pytest.raises(CommandError, match="not a moment of a seal") as error:
        found("--against", seal)
    assert error.value.returncode == 2
