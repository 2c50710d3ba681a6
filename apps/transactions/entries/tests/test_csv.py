"""The ledger as CSV: complete, streamed, and no program for a spreadsheet."""

import csv
import io

import pytest

from apps.accounts.models import Seller
from apps.core.api.csv_export import guard
from apps.testing.api import Answer, Caller, assert_invalid, assert_problem
from apps.testing.factories import NEVER, file_request, log_in, make_staff, sell
from apps.transactions.entries import selectors
from apps.transactions.models import LedgerEntry


def _csv(caller: Caller, path: str = "transactions/", query: dict[str, str] | None = None) -> Answer:
    return caller.get(path, query, Accept="text/csv")


def _rows(answer: Answer) -> list[dict[str, str]]:
    assert (answer.status, answer.content_type) == (200, "text/csv")
    return list(csv.DictReader(io.StringIO(answer.content.decode())))


def test_it_has_all_rows_not_a_page(owner: Caller, seller: Seller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(selectors, "EXPORT_BATCH_ROWS", 7)
    for number in range(60):
        sell(seller, "0.01", phone_number=f"+98912{number:07}")

    rows = _rows(_csv(owner, query={"page_size": "2"}))

    assert [int(row["sequence"]) for row in rows] == list(range(61, 0, -1))


def test_its_columns_are_those_of_the_json_and_the_hash(owner: Caller, seller: Seller) -> None:
    sell(seller, "5.00", key="k")
    [json_row, _] = owner.get("transactions/").body["results"]

    [row, _] = _rows(_csv(owner))

    assert json_row.pop("delivery") is None
    assert list(row) == [*json_row, "operator", "delivery_status", "operator_reference", "face_value", "entry_hash"]
    assert [row.pop(name) for name in ("operator", "delivery_status", "operator_reference", "face_value")] == [""] * 4
    assert row.pop("entry_hash") == bytes(LedgerEntry.objects.get(pk=json_row["id"]).entry_hash).hex()
    assert row == {name: "" if value is None else str(value) for name, value in json_row.items()}


def test_filters_and_scope_apply(owner: Caller, seller: Seller, other_seller: Seller) -> None:
    sell(seller, "5.00")

    assert [row["type"] for row in _rows(_csv(owner, query={"type": "charge_sale"}))] == ["charge_sale"]
    assert _rows(_csv(owner, query={"seller": str(other_seller.pk)})) == []
    assert len(_rows(_csv(owner, f"sellers/{seller.pk}/transactions/"))) == 2


def test_a_formula_in_a_note_or_key_arrives_as_text(owner: Caller, seller: Seller) -> None:
    request = file_request(seller, "1.00", note='=HYPERLINK("http://evil")')
    log_in(make_staff("credit_approver")).post(f"credit-requests/{request.pk}/approve/")
    sell(seller, "1.00", key="@SUM(1)")

    sale, credit, _ = _rows(_csv(owner))

    assert credit["description"] == '\'=HYPERLINK("http://evil")'
    assert sale["idempotency_key"] == "'@SUM(1)"
    assert sale["phone_number"] == "+989123456789"


@pytest.mark.parametrize("text", ["=1", "+1", "-1", "@x", "\tx", "\rx", "\nx", "'x"])
def test_a_cell_that_could_be_a_formula_gets_an_apostrophe(text: str) -> None:
    assert guard(text) == "'" + text


@pytest.mark.parametrize(("value", "cell"), [("x=1", "x=1"), (None, ""), (5, "5"), ("", "")])
def test_other_cells_stay_as_they_are(value: object, cell: str) -> None:
    assert guard(value) == cell


def test_it_is_a_download(owner: Caller) -> None:
    assert _csv(owner).headers["Content-Disposition"] == 'attachment; filename="transactions.csv"'


def test_refusals_are_problem_documents(owner: Caller, anonymous: Caller, other_seller: Seller) -> None:
    assert_problem(_csv(anonymous), 401, "not_authenticated")
    assert_invalid(_csv(owner, query={"type": "x"}), "type")
    assert_problem(_csv(owner, f"sellers/{other_seller.pk}/transactions/"), 404, "not_found")
    assert_problem(_csv(owner, f"sellers/{NEVER}/transactions/"), 404, "not_found")


def test_an_unknown_representation_is_refused(owner: Caller) -> None:
    assert_problem(owner.get("transactions/", Accept="text/html"), 406, "not_acceptable")
    assert_problem(owner.get("sellers/me/", Accept="text/csv"), 406, "not_acceptable")
