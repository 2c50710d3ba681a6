"""Judgement of one fault: the clients' journals against the ledger."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus

from functional_tests.faults.journal import Attempt

NO_ANSWER = 0
_EXPECTED = frozenset({HTTPStatus.CREATED, HTTPStatus.OK, HTTPStatus.SERVICE_UNAVAILABLE, NO_ANSWER})


@dataclass(frozen=True, slots=True)
class Entry:
    """A charge in the ledger."""

    id: str
    key: str
    amount: str


def judge(attempts: Sequence[Attempt], entries: Iterable[Entry]) -> list[str]:
    """Return what is wrong: charges lost, changed, doubled or made up, and answers that no client should get."""
    found: defaultdict[str, list[Entry]] = defaultdict(list)
    for entry in entries:
        found[entry.key].append(entry)
    sales = [attempt for attempt in attempts if attempt.key]
    complaints = _unexpected_answers(attempts) + _lost_or_changed(sales, found)
    complaints += [f"{key} was sold {len(same)} times" for key, same in found.items() if len(same) > 1]
    complaints += [f"{key} was sold and never asked for" for key in found.keys() - {sale.key for sale in sales}]
    complaints += _denied_but_sold(sales, found)
    if not any(sale.status == HTTPStatus.CREATED for sale in sales):
        complaints.append("nothing was sold, so nothing was tested")
    return complaints


def _unexpected_answers(attempts: Iterable[Attempt]) -> list[str]:
    odd = Counter(f"{attempt.status} {attempt.code}" for attempt in attempts if attempt.status not in _EXPECTED)
    return [f"{count} answers were {answer}" for answer, count in odd.items()]


def _lost_or_changed(sales: Iterable[Attempt], found: Mapping[str, list[Entry]]) -> list[str]:
    complaints = []
    for sale in sales:
        if sale.status != HTTPStatus.CREATED:
            continue
        kept = {(entry.id, entry.amount) for entry in found.get(sale.key, ())}
        if not kept:
            complaints.append(f"{sale.key} was acknowledged and is lost")
        elif (sale.entry_id, sale.amount) not in kept:
            complaints.append(f"{sale.key} was acknowledged as {sale.entry_id} of {sale.amount} and is {kept}")
    return complaints


def _denied_but_sold(sales: Iterable[Attempt], found: Mapping[str, list[Entry]]) -> list[str]:
    """Name keys in the ledger although every attempt was answered with "nothing happened"."""
    by_key: defaultdict[str, list[Attempt]] = defaultdict(list)
    for sale in sales:
        by_key[sale.key].append(sale)
    return [
        f"{key} was sold, though every answer was that nothing happened"
        for key, same in by_key.items()
        if key in found and all(s.status == HTTPStatus.SERVICE_UNAVAILABLE and not s.is_unknown for s in same)
    ]


def summarise(attempts: Iterable[Attempt]) -> str:
    """Count the answers by status, and those that never came by their reason."""
    seen = Counter(
        str(attempt.status) + (" unknown" if attempt.is_unknown else "") if attempt.status else attempt.code
        for attempt in attempts
    )
    return ", ".join(f"{what} x {count}" for what, count in sorted(seen.items()))


def recovery_seconds(attempts: Iterable[Attempt], lifted_at: float) -> float | None:
    """Return how long after the fault the last client sold something that it began to send then; None: not all did."""
    first: dict[str, float] = {}
    names = set()
    for attempt in attempts:
        names.add(attempt.client)
        if attempt.status == HTTPStatus.CREATED and attempt.at >= lifted_at:
            first[attempt.client] = min(attempt.at, first.get(attempt.client, attempt.at))
    return max(first.values()) - lifted_at if names and first.keys() == names else None
