"""Charts for the theme's component (Chart.js, set up by data attributes), and their numbers for a table."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.utils.translation import get_language, get_language_bidi

from apps.console.framework.display import show_money

COLOURS = ("var(--color-primary-500)", "#f59e0b", "#94a3b8")
_GREY = "#7d8694"  # legible on white and on the dark background
_LEGEND = {"boxWidth": 12, "boxHeight": 12, "color": _GREY}
_TICKS = {"color": _GREY, "maxRotation": 0}
# Given options replace the theme's, which neither set bars beside each other nor write another language's digits.
_OPTIONS = {
    "animation": False,
    "maintainAspectRatio": False,
    "interaction": {"mode": "index", "intersect": False},
    "elements": {"line": {"borderWidth": 2}, "point": {"radius": 0, "hitRadius": 8}},
    "scales": {
        "x": {"grid": {"display": False}, "ticks": {**_TICKS, "maxTicksLimit": 8}},
        "y": {"beginAtZero": True, "ticks": {**_TICKS, "maxTicksLimit": 5, "precision": 0}},
    },
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """Bars, or lines (`is_line`): named series over labelled points, each point with one value of each series."""

    series: Sequence[str]
    points: Sequence[tuple[str, Sequence[Decimal]]]
    is_line: bool = False

    @property
    def data(self) -> str:
        """Return labels and values as JSON."""
        columns = zip(*(values for _, values in self.points), strict=True)
        datasets = [
            {"label": name, "data": [*map(float, values)], "backgroundColor": colour, "borderColor": colour}
            for name, colour, values in zip(self.series, COLOURS, columns, strict=False)
        ]
        return json.dumps({"labels": [label for label, _ in self.points], "datasets": datasets}, ensure_ascii=False)

    @property
    def options(self) -> str:
        """Return the settings of Chart.js as JSON; its `locale` writes the digits of axis and tooltip."""
        is_rtl = get_language_bidi()
        legend = {"display": len(self.series) > 1, "align": "start", "rtl": is_rtl, "labels": _LEGEND}
        plugins = {"legend": legend, "tooltip": {"rtl": is_rtl}}
        return json.dumps({**_OPTIONS, "locale": get_language(), "plugins": plugins})

    @property
    def rows(self) -> list[tuple[str, ...]]:
        """Return the label and the shown values of each point."""
        return [(label, *map(show_money, values)) for label, values in self.points]

    @property
    def totals(self) -> tuple[tuple[str, str], ...]:
        """Return each series with its shown sum."""
        columns = zip(*(values for _, values in self.points), strict=True)
        return tuple((name, show_money(sum(values))) for name, values in zip(self.series, columns, strict=True))
