"""The API as its clients see it: logins, renewed tokens, bounded retries."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from functional_tests.performance.errors import ConnectionLost, NoAnswer, UnexpectedAnswer
from functional_tests.performance.transport import Answer, Transport

API_PREFIX = "/api/v1/"
ADMIN_LOGIN = "auth/admin/login/"
SELLER_LOGIN = "auth/seller/login/"

# With these statuses nothing happened, so every request may be sent again, unless the code says otherwise.
BUSY_STATUSES = frozenset({429, 503})
UNKNOWN_CODE = "outcome_unknown"  # of the application (503) and of nginx (502, 504)
WAITING_BUDGET_SECONDS = 90.0
MAX_ATTEMPTS = 60
FIRST_PAUSE_SECONDS = 0.1
MAX_PAUSE_SECONDS = 2.0


@dataclass(slots=True)
class Session:
    """A login: address, credentials, and the tokens that it returned (empty before it)."""

    login_path: str
    username: str
    password: str = field(repr=False)
    access: str = field(default="", repr=False)
    refresh: str = field(default="", repr=False)

    def borrowed(self) -> Session:
        """Return a copy for another worker: the access token without the refresh token.

        An access token may be used by many at once; a refresh token is spent by its
        first use, and a second use would revoke the login. So a borrower lives on the
        lent token and logs in for itself only when that has expired.
        """
        return replace(self, refresh="")


class Patience:
    """The bound on repeating one request: a number of sends and a time to wait."""

    def __init__(self) -> None:
        self._deadline = time.monotonic() + WAITING_BUDGET_SECONDS
        self.attempts = 1

    def wait(self, seconds: float | None = None) -> bool:
        """Sleep before the next attempt; return False when the patience is used up."""
        pause = seconds
        if pause is None:
            backoff: float = FIRST_PAUSE_SECONDS * 2 ** min(self.attempts - 1, 6)
            pause = min(MAX_PAUSE_SECONDS, backoff)
        out_of_time = time.monotonic() + pause > self._deadline
        if self.attempts >= MAX_ATTEMPTS or out_of_time:
            return False
        time.sleep(pause)
        self.attempts += 1
        return True


@dataclass(frozen=True, slots=True)
class Request:
    """One call; ``repeatable`` ones are sent again after a lost connection."""

    method: str
    path: str
    payload: Mapping[str, Any] | None = None
    key: str | None = None
    repeatable: bool = False

    def body(self) -> bytes | None:
        """Return the payload as JSON."""
        return None if self.payload is None else json.dumps(self.payload).encode()

    def headers(self, session: Session | None) -> dict[str, str]:
        """Return the headers of the call in the name of ``session``; without one they name no user."""
        headers = {"Accept": "application/json", "Content-Type": "application/json"}
        if session is not None:
            headers["Authorization"] = f"Bearer {session.access}"
        if self.key is not None:
            headers["Idempotency-Key"] = self.key
        return headers


class Client:
    """Client of the API over a transport, in the name of a session if it has one.

    Logs in when first needed and renews an expired access token once per call.
    """

    def __init__(self, transport: Transport, session: Session | None = None) -> None:
        self._transport = transport
        self._session = session

    def get(self, path: str) -> dict[str, Any]:
        """Return the JSON object at ``path``; raise UnexpectedAnswer unless 200."""
        return self._call(Request("GET", path, repeatable=True), (200,)).json()

    def post(
        self,
        path: str,
        payload: Mapping[str, Any] | None = None,
        *,
        key: str | None = None,
        expect: tuple[int, ...] = (200,),
        repeatable: bool = False,
    ) -> Answer:
        """Post ``payload`` and return the answer; with an idempotency ``key`` it is always repeatable.

        Raises UnexpectedAnswer for a status not in ``expect``, NoAnswer when none came, and ServerSilent when no
        connection of the run got any for a while.
        """
        return self._call(Request("POST", path, payload, key, repeatable or key is not None), expect)

    def login(self) -> None:
        """Log the session in; raise UnexpectedAnswer when it is refused."""
        if self._session is None:
            raise ValueError("a client without a session cannot log in")
        self._log_in(self._session)

    def _call(self, request: Request, expect: tuple[int, ...]) -> Answer:
        if self._session is not None and not self._session.access:
            self._log_in(self._session)
        answer = self._deliver(request)
        if answer.status == 401 and self._session is not None:
            self._renew(self._session)
            again = self._deliver(request)
            # The 401 itself moved nothing, so it does not count as an attempt.
            answer = replace(again, attempts=again.attempts + answer.attempts - 1)
        if answer.status not in expect:
            raise UnexpectedAnswer(f"{request.method} {request.path} answered {answer.summary()}")
        return answer

    def _log_in(self, session: Session) -> None:
        credentials = {"username": session.username, "password": session.password}
        # A login whose answer was lost leaves only an unused session behind.
        answer = Client(self._transport).post(session.login_path, credentials, repeatable=True)
        _take_tokens(session, answer)

    def _renew(self, session: Session) -> None:
        """Get a new access token: by the refresh token if there is one, else log in."""
        spent, session.refresh = session.refresh, ""
        if not spent:
            self._log_in(session)
            return
        try:
            answer = Client(self._transport).post("auth/refresh/", {"refresh": spent})
        except NoAnswer:
            # The token may be spent, and sending it twice would revoke the login.
            self._log_in(session)
        else:
            _take_tokens(session, answer)

    def _deliver(self, request: Request) -> Answer:
        """Send until an answer comes that is not 'busy', within one patience."""
        patience = Patience()
        headers, body = request.headers(self._session), request.body()
        while True:
            try:
                answer = self._transport.request(request.method, API_PREFIX + request.path, headers=headers, body=body)
                if answer.status >= 500 and answer.code == UNKNOWN_CODE:
                    raise ConnectionLost(f"{answer.summary()} tells no outcome", sent=True)
            except ConnectionLost as loss:
                self._transport.pulse.check()
                may_repeat = request.repeatable or not loss.sent
                if not may_repeat or not patience.wait():
                    raise NoAnswer(f"{request.method} {request.path} got no answer: {loss}") from loss
                continue
            if answer.status in BUSY_STATUSES and patience.wait(_retry_after_seconds(answer)):
                continue
            return replace(answer, attempts=patience.attempts)


def _take_tokens(session: Session, answer: Answer) -> None:
    tokens = answer.json()
    try:
        session.access, session.refresh = tokens["access"], tokens["refresh"]
    except KeyError as error:
        raise UnexpectedAnswer(f"a login answered without {error}") from error


def _retry_after_seconds(answer: Answer) -> float | None:
    """Return the delay that the server asked for; None when it named no number."""
    value = answer.headers.get("retry-after", "")
    return float(value) if value.isascii() and value.isdigit() else None
