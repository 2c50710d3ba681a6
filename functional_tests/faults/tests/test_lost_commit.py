"""A connection that is cut at the COMMIT: the answer says truthfully what is known, and a retry settles it."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.db import connection, connections

from apps.core.database_logins import is_embedded
from apps.core.tests.api import Caller, assert_problem
from apps.core.tests.factories import log_in, make_seller, owner_of
from apps.transactions.models import Wallet
from functional_tests.faults.proxy import CommitCutter, RandomCutter, proxy

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(not is_embedded(), reason="the proxy stands before the embedded server's socket"),
]

SOCKET = ".s.PGSQL.5432"


@pytest.fixture
def caller() -> Caller:
    """The owner of a seller with 10.00."""
    return log_in(owner_of(make_seller(balance="10.00")))


@contextmanager
def _through_proxy(cutter: CommitCutter | RandomCutter, folder: Path) -> Iterator[None]:
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


@pytest.mark.parametrize("is_delivered", [False, True])
def test_the_client_hears_that_the_outcome_is_unknown_and_its_retry_settles_it(
    caller: Caller, tmp_path: Path, is_delivered: bool
) -> None:
    cutter = CommitCutter(is_delivered)
    with _through_proxy(cutter, tmp_path):
        answer = caller.charge("1.00", key="k")

    assert cutter.cuts == 1
    assert_problem(answer, 503, "temporarily_unavailable")
    assert "not known" in answer.body["detail"]
    assert "Nothing happened" not in answer.body["detail"]
    assert Wallet.objects.get().balance == (9 if is_delivered else 10)

    retried = caller.charge("1.00", key="k")
    assert retried.status == 201
    assert ("Idempotent-Replayed" in retried.headers) is is_delivered
    assert Wallet.objects.get().balance == 9


def test_a_connection_that_is_cut_anywhere_is_a_503_and_never_a_500(caller: Caller, tmp_path: Path) -> None:
    """Every place up to the length of the whole conversation, in steps; `Caller` raises what would be a 500."""

    class CutAfter(RandomCutter):
        def allow(self, data: bytes, *, upward: bool) -> int:
            left, self.mean_bytes = self.mean_bytes, max(0, self.mean_bytes - len(data))
            return min(left, len(data))

    statuses = set()
    step = int(os.environ.get("CUT_STEP_BYTES", "127"))
    for number, length in enumerate(range(1, 4_500, step)):
        with _through_proxy(CutAfter(None, length), tmp_path):  # type: ignore[arg-type]  # draws nothing
            answer = caller.charge("0.01", key=f"k{number}")
        if answer.status == 503:
            assert_problem(answer, 503, "temporarily_unavailable")
        statuses.add(answer.status)
        (tmp_path / SOCKET).unlink(missing_ok=True)

    assert statuses == {201, 503}
