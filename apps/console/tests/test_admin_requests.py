"""The pages of credit requests and their decisions."""

from typing import Any

import pytest

from apps.testing.back_office import desk
from apps.testing.factories import add_credit, file_request, make_seller

pytestmark = pytest.mark.django_db

LIST = "credit_requests_creditrequest"


def question(response: Any) -> str:
    return str(response.content.decode())


def test_the_question_shows_total_and_balances_before_and_after() -> None:
    seller, other = make_seller(company_name="Mehr"), make_seller(company_name="Saba")
    add_credit(seller, "50.00")
    requests = [file_request(seller, "100.00"), file_request(seller, "200.00"), file_request(other, "7.50")]
    page = question(desk("admin").act(LIST, "approve", *requests, confirmed=False))
    assert "307.50" in page  # the total
    assert "250.00" in page  # Mehr after the newer request, which the list shows first
    assert "350.00" in page  # Mehr after both
    assert "57.50" not in page


def test_a_decided_request_adds_nothing_to_the_preview() -> None:
    seller = make_seller()
    entry = add_credit(seller, "40.00")
    page = question(desk("admin").act(LIST, "approve", entry.credit_request_id, confirmed=False))
    assert "80.00" not in page


def test_each_request_of_many_is_decided_by_itself() -> None:
    seller = make_seller()
    done = add_credit(seller, "40.00").credit_request_id
    pending = file_request(seller, "60.00")
    approver = desk("credit_approver")
    approver.act(LIST, "approve", done, pending)
    said = approver.messages()
    assert any("This credit request is approved." in message for message in said)
    assert any("done for" in message for message in said)
    pending.refresh_from_db()
    assert pending.status == "approved"


def test_the_second_of_two_admins_is_told() -> None:
    request = file_request(make_seller())
    one, two = desk("admin"), desk("credit_approver")
    one.act(LIST, "approve", request, confirmed=False)
    two.act(LIST, "reject", request, reason="No")
    one.act(LIST, "approve", request)
    assert any("This credit request is rejected." in message for message in one.messages())
