"""Targets of the benchmark, and whether a run reached them."""

import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from functional_tests.performance.benchmark.measurement import Figures

Verdict = Literal["stretch", "reached", "missed"]
Rounds = Mapping[str, Sequence[Figures]]


@dataclass(frozen=True, slots=True)
class Criterion:
    """A figure and its target; `stretch` is the better one, where there is one."""

    text: str
    value: float
    target: float
    stretch: float | None = None
    at_most: bool = False
    unit: str = "x"

    @property
    def verdict(self) -> Verdict:
        """The best target that the figure has reached."""
        if self.stretch is not None and self._reaches(self.stretch):
            return "stretch"
        return "reached" if self._reaches(self.target) else "missed"

    def _reaches(self, target: float) -> bool:
        return self.value <= target if self.at_most else self.value >= target


def ratio(rounds: Rounds, case: str, other: str, figure: Callable[[Figures], float]) -> float:
    """Return the median of the ratios of two cases, each taken within one round."""
    return statistics.median(figure(one) / figure(two) for one, two in zip(rounds[case], rounds[other], strict=True))


def rate(figures: Figures) -> float:
    """Operations per second: requests, or the charges of a bulk."""
    return figures.rate


def cost(figures: Figures) -> float:
    """CPU per operation."""
    return figures.cost


@dataclass(frozen=True, slots=True)
class _Demand:
    """A criterion on the ratio of two cases."""

    text: str
    case: str
    other: str
    figure: Callable[[Figures], float]
    target: float
    stretch: float | None = None
    at_most: bool = False


_DEMANDS = (
    _Demand("CPU per charge / no-database view", "ten_sellers", "ceiling", cost, 4.0, 3.0, at_most=True),
    _Demand("charges/s / requests/s of the no-database view", "ten_sellers", "ceiling", rate, 0.22, 0.33),
    _Demand("charges/s: one hot seller / ten sellers", "hot_seller", "ten_sellers", rate, 0.8, 1.0),
    _Demand("requests/s: replays of one key / fresh charges", "replays", "ten_sellers", rate, 1.2),
    _Demand("charges/s: bulk of 1,000 / single charges", "bulk_1000", "ten_sellers", rate, 15.0, 30.0),
    _Demand("CPU: history page 2,000 / page 1", "history_deep", "history_first", cost, 1.2, at_most=True),
)


def judge(rounds: Rounds, hot_update_share: float) -> list[Criterion]:
    """Return the criteria of which both cases were measured."""
    found = [
        Criterion(
            one.text, ratio(rounds, one.case, one.other, one.figure), one.target, one.stretch, at_most=one.at_most
        )
        for one in _DEMANDS
        if one.case in rounds and one.other in rounds
    ]
    found.append(Criterion("updates of wallets that touch no index (HOT)", 100 * hot_update_share, 95.0, unit="%"))
    if "ten_sellers" in rounds:
        p99 = Figures.median_of(rounds["ten_sellers"]).p99_ms
        found.append(Criterion("p99 of ten sellers, on an idle machine", p99, 100.0, at_most=True, unit="ms"))
    return found
