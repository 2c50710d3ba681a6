"""Questions, buttons and answers of steps that need two people: they foretell what happens now, and only that."""

from decimal import Decimal
from typing import Any

import pytest
from pytest_django import Settings

from apps.accounts.models import Proposal
from apps.credit_requests.models import CreditRequest
from apps.testing.back_office import Desk, desk
from apps.testing.factories import add_credit, file_request, make_seller, sell
from apps.transactions.models import LedgerEntry, Wallet

pytestmark = pytest.mark.django_db

REQUESTS, LEDGER = "credit_requests_creditrequest", "transactions_ledgerentry"


@pytest.fixture(autouse=True)
def _four_eyes(settings: Settings) -> None:
    settings.CREDIT_APPROVAL_SECOND_REVIEW_AMOUNT = Decimal("1000.00")


def ask(person: Desk, model: str, action: str, *rows: Any) -> Any:
    return person.act(model, action, *rows, confirmed=False)


def taken(question: Any) -> set[Any]:
    return set(question.context["taken"])


def buttons(person: Desk, model: str, row: Any) -> list[str]:
    return [name for name, _label in person.get(f"{model}_change", row.pk).context["steps"]]


def test_question_button_and_answer_count_what_is_credited_and_what_waits() -> None:
    approver = desk("credit_approver")
    small = [file_request(make_seller(), "900.00") for _ in range(17)]
    large = [file_request(make_seller(), "5000.00") for _ in range(3)]
    page = ask(approver, REQUESTS, "approve", *small, *large)
    text = page.content.decode()
    assert "Approve: 17 credited, 3 wait for a colleague" in text
    assert "15,300.00" in text  # 17 times 900
    assert "5,000.00" not in [cells[-1] for cells in page.context["preview"].cells]  # a balance after
    assert "30,300.00" not in text
    approver.act(REQUESTS, "approve", *small, *large)
    said = approver.messages()
    assert any("17 credited, 3 wait for a colleague" in message for message in said), said
    assert any("done for 17" in message for message in said)
    assert sum(Wallet.objects.values_list("balance", flat=True)) == 17 * 900


def test_the_sum_of_a_day_is_foretold_as_it_is_judged() -> None:
    approver, seller = desk("credit_approver"), make_seller()
    approver.act(REQUESTS, "approve", file_request(seller, "300.00"))
    requests = [file_request(seller, "400.00") for _ in range(3)]  # newest first: 300 + 400 passes, + 400 does not
    page = ask(approver, REQUESTS, "approve", *requests)
    assert "Approve: 1 credited, 2 wait for a colleague" in page.content.decode()
    foretold = [str(cells[1]) for cells in page.context["preview"].cells]
    approver.act(REQUESTS, "approve", *requests)
    newest_first = CreditRequest.objects.filter(pk__in=[one.pk for one in requests]).order_by("-pk")
    became = ["credited now" if one.status == "approved" else "waits for a colleague" for one in newest_first]
    assert foretold == became == ["credited now", "waits for a colleague", "waits for a colleague"]
    assert Wallet.objects.get(pk=seller.pk).balance == 700


def test_the_first_approver_is_not_offered_approve_again() -> None:
    first, second = desk("credit_approver"), desk("admin")
    request = file_request(make_seller(), "5000.00")
    assert buttons(first, REQUESTS, request) == ["approve", "reject"]
    first.act(REQUESTS, "approve", request)
    assert buttons(first, REQUESTS, request) == ["reject"]
    own = first.get(f"{REQUESTS}_change", request.pk).content.decode()
    assert "Waits for a second person: you approved it first" in own
    page = ask(first, REQUESTS, "approve", request)
    assert taken(page) == set()
    assert 'name="_confirm"' not in page.content.decode()
    assert buttons(second, REQUESTS, request) == ["approve", "reject"]
    others = second.get(f"{REQUESTS}_change", request.pk).content.decode()
    assert f"{first.user.username} approved it first" in others
    assert first.user.username in second.get(f"{REQUESTS}_changelist").content.decode()
    page = ask(second, REQUESTS, "approve", request)
    assert "wait for" not in page.content.decode()
    second.act(REQUESTS, "approve", request)
    request.refresh_from_db()
    assert request.status == "approved"


def test_what_the_first_approver_chose_again_stays_out_of_the_form() -> None:
    approver = desk("credit_approver")
    waiting, other = file_request(make_seller(), "5000.00"), file_request(make_seller(), "10.00")
    approver.act(REQUESTS, "approve", waiting)
    page = ask(approver, REQUESTS, "approve", waiting, other)
    assert taken(page) == {other.pk}
    assert "you approved it first" in page.content.decode()


def test_more_requests_take_no_more_queries(django_assert_max_num_queries: Any) -> None:
    approver, counts = desk("credit_approver"), []
    ask(approver, REQUESTS, "approve", file_request(make_seller()))
    for number in (1, 6):
        requests = [file_request(make_seller()) for _ in range(number)]
        approver.get("index")  # fills the counts of the menu, which are kept for a few seconds
        with django_assert_max_num_queries(30) as queries:
            ask(approver, REQUESTS, "approve", *requests)
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_reversals_are_foretold_too() -> None:
    admin, colleague, seller = desk("admin"), desk("admin"), make_seller()
    for _ in range(3):
        add_credit(seller, "900.00")
    sales = [sell(seller, amount) for amount in ("600.00", "700.00", "5.00")]
    page = ask(admin, LEDGER, "reverse", *sales)  # newest first: 5 + 700 passes, + 600 does not
    assert "Reverse: 2 reversed, 1 waits for a colleague" in page.content.decode()
    admin.act(LEDGER, "reverse", *sales, reason="Wrong number")
    assert LedgerEntry.objects.filter(type="reversal").count() == 2
    assert Proposal.objects.get().subject_id == str(sales[0].pk)
    assert buttons(admin, LEDGER, sales[0]) == []
    assert taken(ask(admin, LEDGER, "reverse", *sales)) == set()
    assert buttons(colleague, LEDGER, sales[0]) == ["reverse"]
    assert "reversed now" in ask(colleague, LEDGER, "reverse", sales[0]).content.decode()
    colleague.act(LEDGER, "reverse", sales[0], reason="Wrong number")
    assert LedgerEntry.objects.filter(type="reversal").count() == 3
