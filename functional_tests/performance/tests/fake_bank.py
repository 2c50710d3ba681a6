"""The domain of the fake server: sellers, credit and charges in memory, and its faults."""

from __future__ import annotations

import itertools
import threading
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

ADMIN_USERNAME = "admin"
ADMIN_PASSWORD = "correct horse"

Document = dict[str, Any]


@dataclass(slots=True)
class Faults:
    """What the fake does wrong, or what the network does to it; all off by default.

    Numbers named ``every`` mean: at each so many-th charge; 0 means never.
    """

    charge_again_on_replay: bool = False
    charge_again_behind_the_replay: bool = False
    replay_without_header: bool = False
    replay_with_other_body: bool = False
    replay_on_first_send: bool = False
    forget_debit_every: int = 0
    lose_entry_every: int = 0
    charge_double_every: int = 0
    fail_every: int = 0
    balance_off_by: str = "0.00"
    balance_off_from_charge: int = 1
    opening_balance: str = ""
    skip_sequence_at: int = 0
    register_without_seller: bool = False
    stay_pending: bool = False
    file_another_amount: bool = False
    approve_twice: bool = False
    credit_twice: bool = False
    refuse_approval_with: str = "credit_request_already_processed"
    deny_reconciliation: bool = False
    # What a correct script must survive:
    lose_answer_every: int = 0
    busy_every: int = 0
    busy_logins: int = 0
    lose_refreshes: int = 0
    token_uses: int = 10**9


@dataclass(slots=True)
class Account:
    """One seller of the fake."""

    id: str
    username: str
    status: str = "pending"
    balance: Decimal = Decimal("0.00")
    sequence: int = 0
    entries: list[Document] = field(default_factory=list)
    answers: dict[str, Document] = field(default_factory=dict)


class Refusal(Exception):
    """An answer with a problem document."""

    def __init__(self, status: int, code: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(code)
        self.status, self.code, self.headers = status, code, headers or {}


class FakeBank:
    """Keeps accounts correct, except for the faults that are switched on."""

    def __init__(self, faults: Faults) -> None:
        self.faults = faults
        self.lock = threading.Lock()
        self.accounts: dict[str, Account] = {}
        self.credits: dict[str, Document] = {}
        self.charge_count = 0

    def register(self, username: str) -> Document:
        account = Account(str(uuid.uuid4()), username)
        self.accounts[account.id] = account
        user = {"id": str(uuid.uuid4()), "username": username}
        if self.faults.register_without_seller:
            return user
        return {**user, "seller": {"id": account.id, "status": "pending"}}

    def file_credit(self, account: Account, amount: str) -> Document:
        request_id = str(uuid.uuid4())
        self.credits[request_id] = {"id": request_id, "seller": account.id, "amount": amount, "status": "pending"}
        shown = "1.00" if self.faults.file_another_amount else amount
        return {**self.credits[request_id], "amount": shown, "transaction": None}

    def approve(self, request_id: str) -> Document:
        request = self.credits[request_id]
        if request["status"] == "approved" and not self.faults.approve_twice:
            raise Refusal(409, self.faults.refuse_approval_with)
        first_time = request["status"] == "pending"
        request["status"] = "approved"
        account = self.accounts[request["seller"]]
        times = 1 if first_time else 0
        for _ in range(times * (2 if self.faults.credit_twice else 1)):
            self._post(account, "credit_increase", Decimal(request["amount"]), credit_request=request_id)
        return {**request, "transaction": account.entries[-1]["id"]}

    def charge(self, account: Account, phone: str, amount: Decimal, key: str) -> tuple[Document, bool]:
        """Return the entry and whether it is a replay."""
        if account.status != "active":
            raise Refusal(403, "seller_not_active")
        if key in account.answers and not self.faults.charge_again_on_replay:
            if self.faults.charge_again_behind_the_replay:
                self._post(account, "charge_sale", amount, idempotency_key=f"{key}-again")
            return account.answers[key], True
        if account.balance < amount:
            raise Refusal(409, "insufficient_balance")
        self.charge_count += 1
        if self._is_due(self.faults.fail_every):
            raise Refusal(500, "internal_error")
        number = "+98" + phone.removeprefix("+98").removeprefix("0")
        account.answers[key] = self._book_charge(account, number, amount, key)
        return account.answers[key], False

    def _book_charge(self, account: Account, number: str, amount: Decimal, key: str) -> Document:
        book: Callable[[], Document] = lambda: self._post(  # noqa: E731  (with its type)
            account, "charge_sale", amount, idempotency_key=key, phone_number=number
        )
        before = account.balance
        entry = book()
        if self._is_due(self.faults.charge_double_every):
            book()
        if self._is_due(self.faults.forget_debit_every):
            account.balance = before
        if self._is_due(self.faults.lose_entry_every):
            account.entries.remove(entry)
        return entry

    def _is_due(self, every: int) -> bool:
        return every > 0 and self.charge_count % every == 0

    def _post(self, account: Account, kind: str, amount: Decimal, **members: str) -> Document:
        before = account.balance
        account.balance += -amount if kind == "charge_sale" else amount
        account.sequence += 2 if account.sequence + 1 == self.faults.skip_sequence_at else 1
        entry: Document = {
            "id": str(uuid.uuid4()),
            "type": kind,
            "seller": account.id,
            "sequence": account.sequence,
            "amount": str(amount),
            "balance_before": str(before),
            "balance_after": str(account.balance),
            "phone_number": "",
            "idempotency_key": None,
            "credit_request": None,
            **members,
        }
        account.entries.append(entry)
        return entry

    def balance(self, account: Account) -> Document:
        if self.faults.opening_balance and not account.entries:
            return {"seller_id": account.id, "balance": self.faults.opening_balance, "sequence": 0}
        is_off = self.charge_count >= self.faults.balance_off_from_charge
        shown = account.balance + Decimal(self.faults.balance_off_by if is_off else "0.00")
        return {"seller_id": account.id, "balance": str(shown), "sequence": account.sequence}

    def reconciliation(self, account: Account) -> Document:
        return {
            "is_reconciled": not self.faults.deny_reconciliation,
            "current_balance": str(account.balance),
            "calculated_balance": str(account.balance),
            "difference": "0.00",
            "total_transactions": len(account.entries),
            "last_sequence": account.sequence,
        }

    def page(self, account: Account, offset: int, base_url: str) -> Document:
        """Return a page of at most 50 entries, newest first, however many were wanted."""
        newest_first = list(reversed(account.entries))
        end = offset + 50
        more = f"{base_url}/api/v1/transactions/?seller={account.id}&cursor={end}"
        return {
            "next": more if end < len(newest_first) else None,
            "previous": None,
            "results": list(itertools.islice(newest_first, offset, end)),
        }
