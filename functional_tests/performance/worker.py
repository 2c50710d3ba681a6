"""Worker that sells its share of the plan and keeps a journal of what was acknowledged."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any

from sharj import Login, Sharj, SharjError
from sharj.http import Answer, ConnectionLost

from functional_tests.performance.errors import ServerSilent
from functional_tests.performance.plan import Sale, SalesPlan, plan_sales
from functional_tests.performance.transport import Pulse, Transport

# After so many unexpected answers a worker stops: more of them say nothing new.
MAX_PROBLEMS = 20


@dataclass(frozen=True, slots=True)
class Assignment:
    """A worker's share: the sales numbered ``first`` up to, not including, ``last``."""

    base_url: str
    plan: SalesPlan
    seller_ids: tuple[str, ...]
    logins: tuple[Login, ...]
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class SaleRecord:
    """A sale that the server acknowledged.

    ``started`` is on the monotonic clock, which all processes of a machine share.
    ``latency`` runs from the first attempt to the acknowledgement. Both in seconds.
    """

    seller_index: int
    key: str
    amount: Decimal
    started: float
    latency: float
    attempts: int
    replayed: bool


@dataclass(slots=True)
class Journal:
    """Sales that one worker saw acknowledged, and its problems."""

    records: list[SaleRecord] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


class Worker:
    """Sells one assignment over one connection, one login per seller."""

    def __init__(self, assignment: Assignment, pulse: Pulse) -> None:
        self._assignment = assignment
        self._transport = Transport(assignment.base_url, pulse)
        self._clients = [Sharj(self._transport, login) for login in assignment.logins]
        self.journal = Journal()

    def connect(self) -> None:
        """Open the connection ahead of the first sale, if the server takes it now."""
        try:
            self._transport.connect()
        except ConnectionLost:
            return  # The first sale tries again, with patience.

    def sell_all(self, sold: Callable[[], None], stopped: Callable[[], bool]) -> None:
        """Sell everything; call ``sold`` after each acknowledged sale, end early once ``stopped``."""
        share = self._assignment
        with self._transport:
            for sale in plan_sales(share.plan, share.first, share.last):
                if stopped() or len(self.journal.problems) >= MAX_PROBLEMS:
                    return
                if self._sell(sale):
                    sold()

    def _sell(self, sale: Sale) -> bool:
        """Sell and note what is wrong with the answers; return whether the sale was acknowledged."""
        known = len(self.journal.records)
        started = time.monotonic()
        try:
            answer = self._send(sale)
            latency = time.monotonic() - started
            self._acknowledge(sale, answer, started, latency)
            if sale.replay:
                self._note(sale, replay_problem(answer, self._send(sale)))
        except ServerSilent:
            raise
        except SharjError as error:
            self._note(sale, str(error))
        return len(self.journal.records) > known

    def _send(self, sale: Sale) -> Answer:
        form = {"phone_number": sale.phone_number, "amount": str(sale.amount)}
        client = self._clients[sale.seller_index]
        return client.post("charges/", form, key=sale.key, expect=(201,))

    def _acknowledge(self, sale: Sale, answer: Answer, started: float, latency: float) -> None:
        self.journal.records.append(
            SaleRecord(sale.seller_index, sale.key, sale.amount, started, latency, answer.attempts, sale.replay)
        )
        seller_id = self._assignment.seller_ids[sale.seller_index]
        self._note(sale, charge_problem(answer, sale, seller_id))

    def _note(self, sale: Sale, problem: str | None) -> None:
        if problem:
            self.journal.problems.append(f"sale {sale.key}: {problem}")


def charge_problem(answer: Answer, sale: Sale, seller_id: str) -> str | None:
    """Say what is wrong with the answer to the first send of a sale, if anything."""
    entry = answer.json()
    wanted = {
        "type": "charge_sale",
        "seller": seller_id,
        "amount": str(sale.amount),
        "phone_number": sale.phone_number_e164,
        "idempotency_key": sale.key,
    }
    for name, value in wanted.items():
        if entry.get(name) != value:
            return f"{name} is {entry.get(name)!r}, not {value!r}"
    if answer.attempts == 1 and _is_replay(answer):
        return "answered as a replay although it was sent for the first time"
    return _balance_problem(entry, sale.amount)


def replay_problem(first: Answer, again: Answer) -> str | None:
    """Say what is wrong with the answer to a deliberately repeated sale, if anything."""
    if not _is_replay(again):
        return "sent again with the same key, but not answered as a replay"
    if again.json() != first.json():
        return "sent again with the same key, but answered with another body"
    return None


def _is_replay(answer: Answer) -> bool:
    return answer.headers.get("idempotent-replayed", "").lower() == "true"


def _balance_problem(entry: dict[str, Any], amount: Decimal) -> str | None:
    try:
        before, after = Decimal(entry["balance_before"]), Decimal(entry["balance_after"])
    except (KeyError, TypeError, InvalidOperation):
        return "balance_before or balance_after is not a decimal string"
    if before - amount != after or after < 0:
        return f"{before} - {amount} was answered as {after}"
    return None
