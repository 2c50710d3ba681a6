"""The client: typed calls, and any other call by its path."""

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from threading import Lock
from typing import Any
from urllib.parse import urlencode, urlsplit
from uuid import uuid4

from sharj.http import Answer, ConnectionLost, OutcomeUnknown, PoolTransport, Refused, Transport, Unavailable
from sharj.login import Login

API_PREFIX = "/api/v1/"
MAX_PAUSE_SECONDS = 2.0
# With these statuses nothing happened, so every request may be sent again, unless the code says otherwise.
_BUSY = frozenset({429, 503})
_NO_OUTCOME = frozenset({"outcome_unknown", ""})  # of the application, and of a proxy that answers without a code


@dataclass(frozen=True, slots=True)
class Transaction:
    """An entry of the ledger; `raw` has all its members."""

    id: str
    type: str
    sequence: int
    amount: Decimal
    balance_after: Decimal
    phone_number: str | None
    idempotency_key: str | None
    delivery: Mapping[str, Any] | None = None  # what became of it at its mobile operator
    replayed: bool = False  # an earlier request with this key had made it
    raw: Mapping[str, Any] = field(default_factory=dict, repr=False)

    @classmethod
    def read(cls, entry: Mapping[str, Any], *, replayed: bool = False) -> "Transaction":
        """Return the entry of an answer."""
        same = {name: entry[name] for name in ("id", "type", "sequence", "phone_number", "idempotency_key")}
        amount, balance_after = Decimal(entry["amount"]), Decimal(entry["balance_after"])
        delivery = entry.get("delivery")
        return cls(amount=amount, balance_after=balance_after, **same, delivery=delivery, replayed=replayed, raw=entry)


class Sharj:
    """The API, in the name of `login`. Threads may share it if they may share its transport.

    Methods raise Refused, Unavailable or OutcomeUnknown. Requests that are safe to repeat are sent again, for
    `patience_seconds`, until an answer tells their outcome: those that read, and those with an idempotency key.
    """

    def __init__(self, server: str | Transport, login: Login | None = None, *, patience_seconds: float = 90.0) -> None:
        self._transport = PoolTransport(server) if isinstance(server, str) else server
        self._login = login
        self._patience_seconds = patience_seconds
        self._renewing = Lock()

    def sell(
        self, phone_number: str, amount: Decimal | str, *, key: str | None = None, operator: str | None = None
    ) -> Transaction:
        """Sell a charge, once for each `key`; without one, a key is made, which OutcomeUnknown names.

        `operator` is the code of the mobile operator, for a number that was ported.
        """
        charge = {"phone_number": phone_number, "amount": str(amount), **({"operator": operator} if operator else {})}
        answer = self.post("charges/", charge, key=key or str(uuid4()), expect=(201,))
        return Transaction.read(answer.json(), replayed=answer.headers.get("idempotent-replayed") == "true")

    def sell_many(self, charges: Sequence[Mapping[str, str]], *, atomic: bool = False) -> dict[str, Any]:
        """Sell a batch of at most 1,000 charges and return the answer; items without an `idempotency_key` get one."""
        items = [{"idempotency_key": str(uuid4()), **charge} for charge in charges]
        return self.post("charges/bulk/", {"charges": items, "atomic": atomic}, repeatable=True).json()

    def find(self, key: str) -> Transaction | None:
        """Return the sale of an idempotency key, if it happened."""
        return next(self.transactions(idempotency_key=key), None)

    def transactions(self, **filters: object) -> Iterator[Transaction]:
        """Yield ledger entries, the newest first."""
        return map(Transaction.read, self.pages("transactions/", **filters))

    def balance(self) -> Decimal:
        """Return the balance of the login's seller."""
        return Decimal(self.get("sellers/me/balance/")["balance"])

    def get(self, path: str) -> dict[str, Any]:
        """Return the JSON object at `path`, which begins below the API's base path."""
        return self.fetch(path).json()

    def fetch(self, path: str, *, accept: str = "application/json") -> Answer:
        """Return the answer with the content at `path`, such as `text/csv`."""
        return self._call("GET", path, None, {"Accept": accept}, (200,), repeatable=True)

    def post(
        self, path: str, payload: Mapping[str, Any] | None = None, *, key: str | None = None,
        expect: tuple[int, ...] = (200,), repeatable: bool = False,
    ) -> Answer:  # fmt: skip
        """Post `payload` and return the answer; with an idempotency `key` it is always repeatable."""
        headers = {"Content-Type": "application/json", **({} if key is None else {"Idempotency-Key": key})}
        return self._call("POST", path, payload, headers, expect, repeatable=repeatable or key is not None)

    def pages(self, path: str, **query: object) -> Iterator[dict[str, Any]]:
        """Yield the objects of a list, page after page."""
        following = f"{path}?{urlencode(query)}"
        while following:
            page = self.get(following)
            yield from page["results"]
            address = urlsplit(page["next"] or "")  # without the host, which we know
            following = page["next"] and f"{address.path.partition(API_PREFIX)[2]}?{address.query}"

    def log_in(self, stale: str = "") -> None:
        """Get another access token than `stale`; of several threads one does, and the others wait for it."""
        with self._renewing:
            if self._login is not None and self._login.access == stale:
                nameless = Sharj(self._transport, patience_seconds=self._patience_seconds)
                self._login.take(nameless.post(self._login.path, self._login.credentials, repeatable=True))

    def _call(
        self, method: str, path: str, payload: Mapping[str, Any] | None, headers: Mapping[str, str],
        expect: tuple[int, ...], *, repeatable: bool,
    ) -> Answer:  # fmt: skip
        """Send a request in the name of the login, renewing its token once, and judge the answer."""
        body, token = None if payload is None else json.dumps(payload).encode(), self._token()
        answer = self._deliver(method, path, headers, body, token, repeatable)
        if answer.status == 401 and token:
            self.log_in(stale=token)
            again = self._deliver(method, path, headers, body, self._token(), repeatable)
            # The 401 itself moved nothing, so it does not count as an attempt.
            answer = replace(again, attempts=again.attempts + answer.attempts - 1)
        if answer.status in expect:
            return answer
        if answer.status >= 500 and method != "GET":
            raise OutcomeUnknown(f"{method} {path} answered {answer.summary()}", headers.get("Idempotency-Key"))
        raise Refused(f"{method} {path}", answer)

    def _token(self) -> str:
        if self._login is not None and not self._login.access:
            self.log_in()
        return self._login.access if self._login is not None else ""

    def _deliver(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes | None, token: str, repeatable: bool
    ) -> Answer:
        """Send until an answer tells the outcome, or the patience ends."""
        headers = {**headers, "Authorization": f"Bearer {token}"} if token else headers
        deadline, attempts, may_have_happened = time.monotonic() + self._patience_seconds, 0, False
        while True:
            attempts += 1
            pause = min(MAX_PAUSE_SECONDS, 0.1 * 2 ** min(attempts - 1, 6))
            try:
                answer = self._transport.request(method, API_PREFIX + path, headers=headers, body=body)
                if answer.status >= 500 and answer.code in _NO_OUTCOME:
                    raise ConnectionLost(f"{answer.summary()} tells no outcome", sent=True)
                if answer.status not in _BUSY:
                    return replace(answer, attempts=attempts)
                reason, is_safe, asked = answer.summary(), True, answer.headers.get("retry-after", "")
                pause = float(asked) if asked.isdecimal() else pause
            except ConnectionLost as loss:
                reason, is_safe = str(loss), repeatable or not loss.sent
                may_have_happened = may_have_happened or (loss.sent and method != "GET")
            if not is_safe or time.monotonic() + pause > deadline:
                message = f"{method} {path} got no answer that tells its outcome: {reason}"
                if may_have_happened:
                    raise OutcomeUnknown(message, headers.get("Idempotency-Key"))
                raise Unavailable(message)
            time.sleep(pause)
