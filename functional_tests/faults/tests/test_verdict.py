"""The judge of the fault tests can fail: each lie and each loss is named."""

import pytest

from functional_tests.faults.journal import Attempt
from functional_tests.faults.verdict import Entry, judge, recovery_seconds


def sale(key: str, status: int = 201, *, entry_id: str = "1", at: float = 1.0, is_unknown: bool = False) -> Attempt:
    return Attempt(
        client="c", at=at, began_at=at, key=key, amount="1.00", status=status, entry_id=entry_id, is_unknown=is_unknown
    )


KEPT = Entry("1", "k", "1.00")


@pytest.mark.parametrize(
    ("attempts", "entries"),
    [
        ([sale("k")], [KEPT]),
        ([sale("k", 0), sale("k", 503), sale("k"), sale("k")], [KEPT]),
        ([sale("k"), sale("lost answer", 0)], [KEPT, Entry("2", "lost answer", "1.00")]),
        ([sale("k"), sale("u", 503, is_unknown=True)], [KEPT, Entry("2", "u", "1.00")]),
    ],
)
def test_honest_runs_pass(attempts: list[Attempt], entries: list[Entry]) -> None:
    assert judge(attempts, entries) == []


@pytest.mark.parametrize(
    ("attempts", "entries", "complaint"),
    [
        ([sale("k")], [], "k was acknowledged and is lost"),
        ([sale("k", entry_id="2")], [KEPT], "k was acknowledged as 2 of 1.00 and is"),
        ([sale("k")], [KEPT, Entry("2", "k", "1.00")], "k was sold 2 times"),
        ([sale("k")], [KEPT, Entry("2", "x", "1.00")], "x was sold and never asked for"),
        ([sale("k"), sale("d", 503)], [KEPT, Entry("2", "d", "1.00")], "d was sold, though every answer"),
        ([sale("k"), sale("e", 500)], [KEPT], "1 answers were 500"),
        ([sale("k", 503)], [], "nothing was sold, so nothing was tested"),
    ],
)
def test_each_fault_is_named(attempts: list[Attempt], entries: list[Entry], complaint: str) -> None:
    complaints = judge(attempts, entries)

    assert len(complaints) == 1
    assert complaints[0].startswith(complaint)


def test_recovery_counts_from_the_end_of_the_fault_to_the_last_client() -> None:
    assert recovery_seconds([sale("k", at=1.0), sale("l", at=3.5)], lifted_at=3.0) == 0.5
    assert recovery_seconds([sale("k", at=1.0)], lifted_at=3.0) is None
