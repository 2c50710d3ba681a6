"""GET transactions/ and sellers/{id}/transactions/: filters and scope."""

from datetime import timedelta
from typing import Any

import pytest

from apps.accounts.models import Seller
from apps.core.values.times import format_time
from apps.testing.api import PHONE, Answer, Caller, assert_invalid, assert_problem
from apps.testing.constraints import database_as
from apps.testing.factories import NEVER, log_in, make_seller, owner_of, reverse, sell
from apps.transactions.entries.selectors import list_entries
from apps.transactions.models import LedgerEntry

OTHER_PHONE = "+989120000001"


@pytest.fixture(autouse=True)
def _entries(seller: Seller, other_seller: Seller) -> None:
    """Of `seller`: #1 credit 100, #2 sale 10, #3 sale 20 to another phone, #4 reversal of #2."""
    sale = sell(seller, "10.00")
    sell(seller, "20.00", phone_number=OTHER_PHONE)
    reverse(sale)


def _sequences(answer: Answer) -> list[int]:
    return [row["sequence"] for row in answer.body["results"]]


def _of(seller: Seller, sequence: int) -> LedgerEntry:
    return LedgerEntry.objects.get(seller=seller, sequence=sequence)


@pytest.mark.parametrize(
    ("query", "sequences"),
    [
        ({}, [4, 3, 2, 1]),
        ({"type": "charge_sale"}, [3, 2]),
        ({"type": "credit_increase"}, [1]),
        ({"type": "reversal"}, [4]),
        ({"type": ""}, [4, 3, 2, 1]),
        ({"phone_number": OTHER_PHONE}, [3]),
        ({"phone_number": "09120000001"}, [3]),
        ({"phone_number": "۰۹۱۲۰۰۰۰۰۰۱"}, [3]),
        ({"phone_number": "+989120000009"}, []),
        ({"amount_min": "10.01"}, [3, 1]),
        ({"amount_max": "10"}, [4, 2]),
        ({"amount_min": "10", "amount_max": "20", "type": "charge_sale"}, [3, 2]),
        ({"amount_min": "0"}, [4, 3, 2, 1]),
        ({"created_after": "2999-01-01T00:00:00Z"}, []),
        ({"created_before": "2999-01-01"}, [4, 3, 2, 1]),
        ({"created_before": "1960-01-01T00:00:00Z"}, []),
    ],
    ids=str,
)
def test_filters_choose_entries(owner: Caller, query: dict[str, str], sequences: list[int]) -> None:
    assert _sequences(owner.get("transactions/", query)) == sequences


@pytest.fixture
def keyed(seller: Seller, other_seller: Seller) -> LedgerEntry:
    """A sale with the key `k-1`, between others; another seller has used the key too."""
    sell(other_seller, "3.00", key="k-1")
    sell(seller, "1.00", key="k-0")
    entry = sell(seller, "2.00", key="k-1")
    sell(seller, "1.00", key="k-10")
    return entry


@pytest.mark.parametrize("path", ["transactions/", "sellers/me/transactions/", "sellers/{seller}/transactions/"])
@pytest.mark.parametrize("form", ["k-1", '"k-1"'])
def test_a_key_finds_its_sale_and_no_other(
    owner: Caller, seller: Seller, keyed: LedgerEntry, path: str, form: str
) -> None:
    path = path.format(seller=seller.pk)

    [row] = owner.get(path, {"idempotency_key": form}).body["results"]

    assert row["id"] == str(keyed.pk)
    for unused in ("k", "k-", "K-1", "k-2"):
        assert owner.get(path, {"idempotency_key": unused}).body["results"] == []


def test_a_key_finds_its_sale_in_the_csv(owner: Caller, keyed: LedgerEntry) -> None:
    answer = owner.get("transactions/", {"idempotency_key": "k-1"}, Accept="text/csv")

    _, row = answer.content.decode().splitlines()
    assert row.startswith(str(keyed.pk))


def test_staff_name_the_seller_of_a_key(support: Caller, seller: Seller, keyed: LedgerEntry) -> None:
    answer = support.get("transactions/", {"idempotency_key": "k-1"})
    assert answer.codes == {("seller", "required")}

    [row] = support.get("transactions/", {"idempotency_key": "k-1", "seller": seller.pk}).body["results"]
    assert row["id"] == str(keyed.pk)
    [row] = support.get(f"sellers/{seller.pk}/transactions/", {"idempotency_key": "k-1"}).body["results"]
    assert row["id"] == str(keyed.pk)


@pytest.mark.parametrize("key", ["", " ", "\x00", "کلید", "k" * 256, '"k', "a b"])
def test_what_is_no_key_finds_no_sale(owner: Caller, keyed: LedgerEntry, key: str) -> None:
    """Above all an empty one, of which the client has lost the value."""
    assert_invalid(owner.get("transactions/", {"idempotency_key": key}), "idempotency_key")


@pytest.mark.django_db(transaction=True)
def test_an_index_finds_the_sale_of_a_key(owner: Caller, seller: Seller) -> None:
    items = [{"phone_number": PHONE, "amount": "0.01", "idempotency_key": f"many-{number}"} for number in range(1_000)]
    assert owner.post("charges/bulk/", {"charges": items}).body["accepted"] == 1_000
    with database_as("owner") as cursor:
        cursor.execute("ANALYZE transactions_ledgerentry")

    page = list_entries(seller=seller.pk, idempotency_key="many-500").order_by("-id")[:51]

    assert "Index Scan using entry_key_unique" in page.explain()


def test_a_window_begins_inclusive_and_ends_exclusive(owner: Caller, seller: Seller) -> None:
    second, third = (format_time(_of(seller, number).created_at) for number in (2, 3))

    assert _sequences(owner.get("transactions/", {"created_after": second, "created_before": third})) == [2]
    assert _sequences(owner.get("transactions/", {"created_after": third})) == [4, 3]
    assert _sequences(owner.get("transactions/", {"created_before": third})) == [2, 1]


def test_a_time_may_have_another_offset(owner: Caller, seller: Seller) -> None:
    moment = _of(seller, 3).created_at + timedelta(hours=3, minutes=30)
    tehran = moment.replace(tzinfo=None).isoformat() + "+03:30"

    assert _sequences(owner.get("transactions/", {"created_after": tehran})) == [4, 3]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("type", "sale"),
        ("type", "\x00"),
        ("seller", "me"),
        ("seller", "1"),
        ("seller", "\x00"),
        ("phone_number", "12"),
        ("phone_number", "\x00"),
        ("created_after", "yesterday"),
        ("created_after", "0001-01-01T00:00:00+14:00"),
        ("created_before", "9999-12-31T23:59:59-14:00"),
        ("created_before", "2026-13-01T00:00:00Z"),
        ("created_before", "\x00"),
        ("amount_min", "-1"),
        ("amount_min", "1e3"),
        ("amount_min", "NaN"),
        ("amount_max", "1.234"),
        ("amount_max", "1_000"),
        ("amount_max", "١٢"),
    ],
)
def test_a_filter_of_the_wrong_kind_is_refused(owner: Caller, name: str, value: str) -> None:
    assert_invalid(owner.get("transactions/", {name: value}), name)


@pytest.mark.parametrize("year", ["0001-01-01T00:00:00Z", "1969-12-31T23:59:59Z", "9999-12-31T23:59:59Z"])
def test_times_far_away_are_only_far_away(owner: Caller, year: str) -> None:
    for name in ("created_after", "created_before"):
        assert owner.get("transactions/", {name: year}).status == 200


def test_a_seller_sees_only_its_own_entries(owner: Caller, seller: Seller, other_seller: Seller) -> None:
    assert {row["seller"] for row in owner.get("transactions/").body["results"]} == {str(seller.pk)}
    assert owner.get("transactions/", {"seller": other_seller.pk}).body["results"] == []
    assert _sequences(owner.get("transactions/", {"seller": seller.pk})) == [4, 3, 2, 1]


def test_staff_see_all_and_may_choose(support: Caller, seller: Seller, other_seller: Seller) -> None:
    everything = support.get("transactions/").body["results"]

    assert {row["seller"] for row in everything} == {str(seller.pk), str(other_seller.pk)}
    assert _sequences(support.get("transactions/", {"seller": other_seller.pk})) == [1]
    assert support.get("transactions/", {"seller": NEVER}).body["results"] == []


def test_the_list_of_one_seller_is_the_filtered_list(owner: Caller, support: Caller, seller: Seller) -> None:
    expected = support.get("transactions/", {"seller": seller.pk, "type": "charge_sale"}).body["results"]

    for caller, path in ((owner, "sellers/me"), (owner, f"sellers/{seller.pk}"), (support, f"sellers/{seller.pk}")):
        assert caller.get(f"{path}/transactions/", {"type": "charge_sale"}).body["results"] == expected


def test_a_listed_entry_looks_as_a_single_one(owner: Caller) -> None:
    for row in owner.get("transactions/").body["results"]:
        assert owner.get(f"transactions/{row['id']}/").body == row


def test_another_sellers_entry_is_not_found(owner: Caller, other_seller: Seller) -> None:
    foreign = _of(other_seller, 1)

    assert_problem(owner.get(f"transactions/{foreign.pk}/"), 404, "not_found")
    assert_problem(owner.get(f"transactions/{NEVER}/"), 404, "not_found")


def test_an_id_that_is_none_is_not_found(owner: Caller) -> None:
    assert_problem(owner.get("transactions/17/"), 404, "not_found")


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("path", ["transactions/", "transactions/{id}/"])
def test_the_ledger_cannot_be_written(admin: Caller, owner: Caller, seller: Seller, method: str, path: str) -> None:
    body: Any = b'{"amount": "1.00"}'
    for caller in (admin, owner):
        before = _of(seller, 2).amount
        answer = caller.send(method, path.format(id=_of(seller, 2).pk), body)
        assert_problem(answer, 405, "method_not_allowed")
        assert _of(seller, 2).amount == before


def test_an_empty_ledger_is_an_empty_page() -> None:
    caller = log_in(owner_of(make_seller()))

    assert caller.get("transactions/").body == {"next": None, "previous": None, "results": []}
