"""Small charts as inline SVG; colours come from the classes of the page's style sheet."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 560, 250
LEFT, RIGHT, TOP, BOTTOM = 48, 20, 40, 26
PLOT_WIDTH, PLOT_HEIGHT = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM
TICKS = 5


@dataclass(frozen=True, slots=True)
class Bin:
    """How many values lie from ``start`` up to ``end``."""

    start: float
    end: float
    count: int


@dataclass(frozen=True, slots=True)
class Scale:
    """Maps 0 … ``top`` to pixels; ``step`` is the distance between two grid lines."""

    top: float
    step: float

    @classmethod
    def ending_at(cls, top: float) -> Scale:
        """Return the scale that ends at ``top``, round or not."""
        return cls(top, nice_step(top / TICKS))

    @classmethod
    def covering(cls, highest: float) -> Scale:
        """Return the smallest scale that ends at a grid line and reaches ``highest``."""
        step = nice_step((highest or 1.0) / TICKS)
        return cls(step * math.ceil((highest or 1.0) / step), step)

    def values(self) -> list[float]:
        """Return the values that get a label."""
        return [self.step * index for index in range(math.floor(self.top / self.step + 1e-9) + 1)]

    def x(self, value: float) -> float:
        """Return the horizontal pixel of ``value``."""
        return LEFT + PLOT_WIDTH * value / self.top

    def y(self, value: float) -> float:
        """Return the vertical pixel of ``value``."""
        return TOP + PLOT_HEIGHT * (1 - value / self.top)


def nice_step(rough: float) -> float:
    """Return the smallest of 1, 2, 5 times a power of ten that is at least ``rough``."""
    power = 10.0 ** math.floor(math.log10(rough))
    return next(power * factor for factor in (1, 2, 5, 10) if power * factor >= rough * (1 - 1e-9))


def make_bins(values: Sequence[float], width: float, end: float) -> list[Bin]:
    """Count ``values`` in bins of ``width`` from 0 to ``end``; the last takes the rest."""
    count = max(1, math.ceil(end / width - 1e-9))
    counts = [0] * count
    for value in values:
        counts[min(count - 1, int(value / width))] += 1
    return [Bin(index * width, (index + 1) * width, number) for index, number in enumerate(counts)]


def histogram(bins: Sequence[Bin], markers: dict[str, float], unit: str) -> str:
    """Draw bars with a vertical line at each of the named ``markers``."""
    across, up = Scale.ending_at(bins[-1].end), Scale.covering(max(item.count for item in bins))
    bars = [
        f'<rect class="bar" x="{across.x(item.start) + 0.5:.1f}" y="{up.y(item.count):.1f}" '
        f'width="{max(1.0, across.x(item.end) - across.x(item.start) - 1):.1f}" '
        f'height="{PLOT_HEIGHT + TOP - up.y(item.count):.1f}" rx="1.5">'
        f"<title>{item.start:.4g} to {item.end:.4g} {unit}: {item.count:,}</title></rect>"
        for item in bins
        if item.count
    ]
    return _frame(across, up, unit, "sales", bars + _markers(across, markers, unit))


def _markers(across: Scale, markers: dict[str, float], unit: str) -> list[str]:
    """Draw the markers, each label on a row of its own, so that none covers another."""
    drawn = []
    for row, (name, value) in enumerate(markers.items()):
        x, label_y = across.x(min(value, across.top)), TOP - 10 + 16 * row
        anchor, shift = ("end", -4) if x > WIDTH - 110 else ("start", 4)
        drawn.append(
            f'<line class="marker" x1="{x:.1f}" x2="{x:.1f}" y1="{label_y - 10}" y2="{HEIGHT - BOTTOM}"/>'
            f'<text class="marker-label" x="{x + shift:.1f}" y="{label_y}" text-anchor="{anchor}">'
            f"{name} {value:.1f} {unit}</text>"
        )
    return drawn


def area(bins: Sequence[Bin], width: float, mean: float) -> str:
    """Draw the rate per second over time, with a dashed line at its ``mean``."""
    rates = [item.count / width for item in bins]
    across, up = Scale.ending_at(bins[-1].end), Scale.covering(max([*rates, mean]))
    # Steps, not slopes: a bin's rate holds for all of the bin.
    points = " ".join(
        f"{across.x(edge):.1f},{up.y(rate):.1f}"
        for item, rate in zip(bins, rates, strict=True)
        for edge in (item.start, item.end)
    )
    end_x, floor = across.x(bins[-1].end), HEIGHT - BOTTOM
    shapes = [
        f'<polygon class="area" points="{LEFT},{floor} {points} {end_x:.1f},{floor}"/>',
        f'<polyline class="line" points="{points}"/>',
        f'<line class="marker" x1="{LEFT}" x2="{end_x:.1f}" y1="{up.y(mean):.1f}" y2="{up.y(mean):.1f}"/>',
        f'<text class="marker-label" x="{end_x - 4:.1f}" y="{TOP - 10}" text-anchor="end">mean {mean:,.0f}/s</text>',
    ]
    return _frame(across, up, "s", "sales per second", shapes)


def _frame(across: Scale, up: Scale, across_unit: str, up_title: str, shapes: Sequence[str]) -> str:
    """Put ``shapes`` between grid lines and axis labels."""
    floor = HEIGHT - BOTTOM
    grid = [
        f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{up.y(value):.1f}" y2="{up.y(value):.1f}"/>'
        f'<text class="tick" x="{LEFT - 8}" y="{up.y(value) + 4:.1f}" text-anchor="end">{_label(value)}</text>'
        for value in up.values()
    ]
    ticks = [
        f'<text class="tick" x="{across.x(value):.1f}" y="{floor + 18}" text-anchor="middle">'
        f"{_label(value)} {across_unit}</text>"
        for value in across.values()
    ]
    title = f'<text class="tick" x="4" y="12">{up_title}</text>'
    body = "".join([*grid, *ticks, title, *shapes])
    return f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img">{body}</svg>'


def _label(value: float) -> str:
    return f"{value:,.0f}" if value >= 1000 else f"{value:.4g}"
