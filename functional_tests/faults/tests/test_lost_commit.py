"""A connection that is cut or falls silent: the answer says truthfully what is known, and a retry settles it."""

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import sharj
from django.db import OperationalError, connection, connections, transaction
from pytest_django.live_server_helper import LiveServer
from sharj import Login, Sharj

from apps.accounts.models import Seller, User
from apps.core.database.errors import OutcomeUnknown
from apps.core.database.logins import is_embedded
from apps.testing.api import PHONE, Answer, Caller, assert_problem
from apps.testing.back_office import desk
from apps.testing.factories import log_in, make_seller, make_staff, owner_of
from apps.testing.invariants import assert_ledger_consistent
from apps.transactions.models import Wallet
from functional_tests.faults.proxy import CommitCutter, Cutter, proxy
from functional_tests.performance.transport import Pulse, Transport

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(not is_embedded(), reason="the proxy stands before the embedded server's socket"),
]

SOCKET = ".s.PGSQL.5432"
CHARGE = {"phone_number": PHONE, "amount": "1.00"}


@pytest.fixture
def caller() -> Caller:
    """The owner of a seller with 10.00."""
    return log_in(owner_of(make_seller(balance="10.00")))


@contextmanager
def _through_proxy(cutter: Cutter, folder: Path) -> Iterator[None]:
    settings = connection.settings_dict
    real = settings["HOST"]
    connection.close()
    with proxy(folder / SOCKET, Path(real) / SOCKET, cutter):
        settings["HOST"] = str(folder)
        try:
            yield
        finally:
            connections.close_all()
            settings["HOST"] = real


@dataclass
class CutAfter:
    """Cut the connection after so many bytes of the conversation."""

    left: int

    def allow(self, data: bytes, *, upward: bool) -> int:
        allowed = min(self.left, len(data))
        self.left -= allowed
        return allowed


@dataclass
class CutAt:
    """Cut the connection when this is sent, or (`after`) when something is sent after it."""

    sent: bytes
    after: bool = False
    _seen: bool = field(default=False, init=False)

    def allow(self, data: bytes, *, upward: bool) -> int:
        if upward and (self._seen or (self.sent in data and not self.after)):
            return 0
        self._seen = self._seen or (upward and self.sent in data)
        return len(data)


@dataclass
class FreezeAt:
    """Fall silent when this is sent, without closing anything, until `thawed` is set."""

    sent: bytes
    thawed: threading.Event = field(default_factory=threading.Event)

    def allow(self, data: bytes, *, upward: bool) -> int:
        if upward and self.sent in data:
            self.thawed.wait(30)  # nothing else passes the proxy meanwhile
        return len(data)


def assert_unavailable(answer: Answer, code: str) -> None:
    """Assert that the answer is the 503 `code`, with a time to come back, and promises nothing that is not known."""
    assert_problem(answer, 503, code)
    assert answer.headers["Retry-After"] == "1"
    assert ("Nothing happened" in answer.body["detail"]) is (code == "temporarily_unavailable")


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(connection.settings_dict, "ANSWER_TIMEOUT_SECONDS", 1.0)


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize(("sent", "is_known"), [(b"read_wallet", True), (b"COMMIT", False)])
def test_a_server_that_says_nothing_is_given_up(caller: Caller, tmp_path: Path, sent: bytes, is_known: bool) -> None:
    freezer = FreezeAt(sent)
    with _through_proxy(freezer, tmp_path):
        began = time.monotonic()
        answer = caller.charge("1.00", key="k")
        waited = time.monotonic() - began
        freezer.thawed.set()
        time.sleep(0.3)  # what was held up passes, and ends

    assert_unavailable(answer, "temporarily_unavailable" if is_known else "outcome_unknown")
    assert 1 <= waited < 3, "it waited again, for a new connection"
    assert caller.charge("1.00", key="k").status == 201
    assert Wallet.objects.get().balance == 9
    assert_ledger_consistent()


@pytest.mark.usefixtures("impatient")
def test_a_statement_that_the_server_answers_late_is_not_cut_in_a_report(caller: Caller) -> None:
    with connection.patience(60), connection.cursor() as cursor:  # type: ignore[attr-defined]  # of our own backend
        cursor.execute("SELECT pg_sleep(2.5)")

    assert caller.charge("1.00").status == 201


def test_a_write_without_a_transaction_that_is_lost_is_not_called_nothing(caller: Caller, tmp_path: Path) -> None:
    with _through_proxy(CutAt(b"UPDATE"), tmp_path), pytest.raises(OutcomeUnknown):
        User.objects.update(first_name="x")


def test_what_rolls_back_and_what_only_reads_is_called_nothing(caller: Caller, tmp_path: Path) -> None:
    with _through_proxy(CutAt(b"UPDATE"), tmp_path), pytest.raises(OperationalError) as error, transaction.atomic():
        User.objects.update(first_name="x")
    assert not isinstance(error.value, OutcomeUnknown)
    (tmp_path / SOCKET).unlink(missing_ok=True)
    with (
        _through_proxy(CutAt(b"SELECT 17"), tmp_path),
        pytest.raises(OperationalError) as error,
        connection.cursor() as cursor,
    ):
        cursor.execute("SELECT 17")
    assert not isinstance(error.value, OutcomeUnknown)


def test_what_was_committed_before_the_connection_broke_is_not_called_nothing(tmp_path: Path) -> None:
    pending = make_seller(status=Seller.Status.PENDING)
    admin = log_in(make_staff("admin"))
    with _through_proxy(CutAt(b"COMMIT", after=True), tmp_path):
        answer = admin.post(f"sellers/{pending.pk}/verify/")

    assert_unavailable(answer, "outcome_unknown")
    assert Seller.objects.get().status == Seller.Status.ACTIVE


@pytest.mark.parametrize("is_delivered", [False, True])
def test_the_client_hears_that_the_outcome_is_unknown_and_its_retry_settles_it(
    caller: Caller, tmp_path: Path, is_delivered: bool
) -> None:
    cutter = CommitCutter(is_delivered)
    with _through_proxy(cutter, tmp_path):
        answer = caller.charge("1.00", key="k")

    assert cutter.cuts == 1
    assert_unavailable(answer, "outcome_unknown")
    assert Wallet.objects.get().balance == (9 if is_delivered else 10)

    retried = caller.charge("1.00", key="k")
    assert retried.status == 201
    assert ("Idempotent-Replayed" in retried.headers) is is_delivered
    assert Wallet.objects.get().balance == 9


@dataclass
class CutFirstCommit(CommitCutter):
    """Cut the connection at the first COMMIT only."""

    def allow(self, data: bytes, *, upward: bool) -> int:
        return len(data) if self.cuts else super().allow(data, upward=upward)


@pytest.mark.parametrize("is_delivered", [False, True])
def test_the_load_script_sends_a_charge_of_unknown_outcome_again_with_its_key(
    caller: Caller, live_server: LiveServer, tmp_path: Path, is_delivered: bool
) -> None:
    with _through_proxy(CutFirstCommit(is_delivered), tmp_path), Transport(live_server.url, Pulse()) as transport:
        answer = Sharj(transport, _login(caller)).post("charges/", CHARGE, key="k", expect=(201,))

    assert answer.attempts == 2
    assert ("idempotent-replayed" in answer.headers) is is_delivered
    assert Wallet.objects.get().balance == 9


def test_the_load_script_does_not_send_again_what_may_have_happened_and_has_no_key(
    caller: Caller, live_server: LiveServer, tmp_path: Path
) -> None:
    with (
        _through_proxy(CutFirstCommit(is_delivered=True), tmp_path),
        Transport(live_server.url, Pulse()) as transport,
        pytest.raises(sharj.OutcomeUnknown, match="503 outcome_unknown"),
    ):
        Sharj(transport, _login(caller)).post("charges/", CHARGE, expect=(201,))

    assert Wallet.objects.get().balance == 9


def _login(caller: Caller) -> Login:
    return Login("auth/seller/login/", {}, caller.access)


def test_a_confirmed_step_whose_commit_was_lost_is_not_called_nothing(tmp_path: Path) -> None:
    admin = desk("admin")
    seller = make_seller(status=Seller.Status.PENDING)
    with _through_proxy(CutFirstCommit(is_delivered=True), tmp_path):
        admin.act("accounts_seller", "verify", seller)

    [message] = admin.messages()
    assert "not known" in message
    assert "nothing happened" not in message
    assert Seller.objects.get().status == Seller.Status.ACTIVE


def test_a_connection_that_is_cut_anywhere_is_a_503_and_never_a_500(caller: Caller, tmp_path: Path) -> None:
    """Every place up to the length of the whole conversation, in steps; `Caller` raises what would be a 500."""

    statuses, codes = set(), set()
    step = int(os.environ.get("CUT_STEP_BYTES", "127"))
    for number, length in enumerate(range(1, 4_500, step)):
        with _through_proxy(CutAfter(length), tmp_path):
            answer = caller.charge("0.01", key=f"k{number}")
        if answer.status == 503:
            assert_unavailable(answer, answer.body["code"])
            codes.add(answer.body["code"])
        statuses.add(answer.status)
        (tmp_path / SOCKET).unlink(missing_ok=True)

    assert statuses == {201, 503}
    assert codes <= {"temporarily_unavailable", "outcome_unknown"}
