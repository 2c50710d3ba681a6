"""Preparation of the sales: register, verify and credit sellers, all over HTTP."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from decimal import ROUND_UP, Decimal, InvalidOperation
from itertools import repeat
from threading import Barrier
from typing import Any

from sharj import Login, Sharj
from sharj.http import Answer

from functional_tests.performance.errors import UnexpectedAnswer
from functional_tests.performance.transport import Pulse, Transport

# More than the sales cost, so that a correct balance is not zero by accident.
CREDIT_MARGIN = Decimal("1.10")
SMALLEST_CREDIT = Decimal("100.00")
# Every third approval is sent by two approvers at the same moment.
TWIN_APPROVAL_STEP = 3
ALREADY_PROCESSED = "credit_request_already_processed"


@dataclass(frozen=True, slots=True)
class Credit:
    """An approved credit request."""

    request_id: str
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Seller:
    """A seller made for this run, ready to sell; it is logged in."""

    id: str
    login: Login
    initial_balance: Decimal
    credits: tuple[Credit, ...]


class Onboarding:
    """Prepares the sellers of one run; up to ``parallel`` requests are under way at once."""

    def __init__(self, base_url: str, run_id: str, admin: Login, parallel: int, pulse: Pulse) -> None:
        self._base_url = base_url
        self._pulse = pulse
        self._run_id = run_id
        self._admin = admin
        self._parallel = parallel

    def prepare_sellers(self, needs: Sequence[Decimal], credit_requests: int) -> list[Seller]:
        """Return one funded seller for each amount of money in ``needs``.

        Raises UnexpectedAnswer at the first answer that the contract does not allow.
        """
        with ThreadPoolExecutor(self._parallel) as pool:
            made = list(pool.map(self._make_seller, range(len(needs))))
            orders = [
                (seller, number, credit_amount(need, credit_requests, number))
                for seller, need in zip(made, needs, strict=True)
                for number in range(credit_requests)
            ]
            filed = list(pool.map(self._file_credit, *zip(*orders, strict=True)))
            twins = [place % TWIN_APPROVAL_STEP == 0 for place in range(len(filed))]
            list(pool.map(self._approve_credit, filed, twins))
        shares = [tuple(filed[at : at + credit_requests]) for at in range(0, len(filed), credit_requests)]
        return [
            Seller(seller.id, seller.login, seller.initial_balance, share)
            for seller, share in zip(made, shares, strict=True)
        ]

    def _make_seller(self, index: int) -> Seller:
        """Register a seller under a new name, log it in and have it verified."""
        username = f"load-{self._run_id}-{index + 1}"
        login = Login.person(username, secrets.token_urlsafe(18))
        form = {
            **login.credentials,
            "email": f"{username}@example.com",
            "company_name": f"Load test {self._run_id} no. {index + 1}",
        }
        with Transport(self._base_url, self._pulse) as transport:
            registered = Sharj(transport).post("auth/seller/register/", form, expect=(201,))
            seller_id = str(_member(registered.json(), "seller", "id"))
            admin = Sharj(transport, self._admin)
            verified = admin.post(f"sellers/{seller_id}/verify/").json()
            if _member(verified, "status") != "active":
                raise UnexpectedAnswer(f"verified seller {seller_id} has status {verified['status']!r}")
            balance = Sharj(transport, login).get(f"sellers/{seller_id}/balance/")
        return Seller(seller_id, login, _money(balance, "balance"), ())

    def _file_credit(self, seller: Seller, number: int, amount: Decimal) -> Credit:
        """File one credit request as the seller."""
        form = {"amount": str(amount), "note": f"load run {self._run_id}"}
        with Transport(self._base_url, self._pulse) as transport:
            client = Sharj(transport, seller.login)
            key = f"credit-{self._run_id}-{number}"
            filed = client.post("credit-requests/", form, key=key, expect=(201,)).json()
        if _member(filed, "status") != "pending" or _money(filed, "amount") != amount:
            raise UnexpectedAnswer(f"a credit request for {amount} was filed as {filed}")
        return Credit(str(_member(filed, "id")), amount)

    def _approve_credit(self, credit: Credit, twin: bool) -> None:
        """Approve one request, if ``twin`` by two senders at once; check all answers."""
        senders = 2 if twin else 1
        start = Barrier(senders)
        with ThreadPoolExecutor(senders) as pool:
            answers = list(pool.map(self._send_approval, repeat(credit, senders), repeat(start)))
        problem = approval_problem(answers)
        if problem:
            raise UnexpectedAnswer(f"credit request {credit.request_id}: {problem}")

    def _send_approval(self, credit: Credit, start: Barrier) -> Answer:
        with Transport(self._base_url, self._pulse) as transport:
            client = Sharj(transport, self._admin)
            start.wait()
            path = f"credit-requests/{credit.request_id}/approve/"
            # Safe to repeat: a second approval is refused, whatever became of the first.
            return client.post(path, expect=(200, 409), repeatable=True)


def credit_amount(need: Decimal, requests: int, number: int) -> Decimal:
    """Return the amount of credit request ``number``: a share of ``need`` and a margin.

    The cents differ from request to request, so that a credit booked twice or swapped
    for another shows in the sums.
    """
    share = (need * CREDIT_MARGIN / requests).quantize(Decimal("1"), ROUND_UP)
    return max(share, SMALLEST_CREDIT) + Decimal(number % 100) / 100


def approval_problem(answers: Sequence[Answer]) -> str | None:
    """Say what is wrong with the answers to approvals of one request, if anything.

    Exactly one must have succeeded and every other been refused as already processed.
    Only when an answer was lost on the way may the success be missing: it was in it.
    """
    refused = [answer for answer in answers if answer.status == 409]
    approved = [answer for answer in answers if answer.status == 200]
    for answer in refused:
        if answer.json().get("code") != ALREADY_PROCESSED:
            return f"the approval was refused with {answer.summary()}"
    for answer in approved:
        document = answer.json()
        if document.get("status") != "approved" or not document.get("transaction"):
            return f"the approval answered 200 with {document}"
    answer_was_lost = any(answer.attempts > 1 for answer in answers)
    if len(approved) == 1 or (not approved and answer_was_lost):
        return None
    return f"{len(approved)} of {len(answers)} simultaneous approvals succeeded"


def _member(document: dict[str, Any], *names: str) -> Any:
    """Return a member by its path; raise UnexpectedAnswer when it is missing."""
    value: Any = document
    for name in names:
        if not isinstance(value, dict) or name not in value:
            raise UnexpectedAnswer(f"an answer lacks {'.'.join(names)}: {document}")
        value = value[name]
    return value


def _money(document: dict[str, Any], name: str) -> Decimal:
    """Return a member that is a decimal string; raise UnexpectedAnswer when it is not."""
    value = _member(document, name)
    try:
        return Decimal(str(value))
    except InvalidOperation as error:
        raise UnexpectedAnswer(f"{name} is {value!r}, not a decimal string") from error
