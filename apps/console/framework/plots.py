"""Small plots as inline SVG: no script, no library, and colours from the style sheet, so that dark mode follows."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from apps.console.framework.display import show_money

WIDTH, HEIGHT = 640, 190
WIDE = 1_120
_LEFT, _TOP, _BOTTOM = 4, 24, 24
_PLOT_HEIGHT = HEIGHT - _TOP - _BOTTOM


@dataclass(frozen=True, slots=True)
class Column:
    """One step of the horizontal axis: its label, and the value of each series there."""

    label: str
    values: Sequence[Decimal]


def bars(columns: Sequence[Column], series: Sequence[str], *, label_every: int = 1) -> SafeString:
    """Return a bar chart of several series side by side, with a legend and a tooltip on every bar."""
    highest = max((value for column in columns for value in column.values), default=Decimal(0))
    step = (WIDTH - 2 * _LEFT) / max(len(columns), 1)
    width = step * 0.8 / max(len(series), 1)
    shapes: list[tuple[object, ...]] = []
    labels: list[tuple[object, ...]] = []
    for position, column in enumerate(columns):
        left = _LEFT + position * step + step * 0.1
        for number, value in enumerate(column.values):
            height = float(value / highest) * _PLOT_HEIGHT if highest else 0
            tip = f"{column.label} · {series[number]}: {show_money(value)}"
            shapes.append((number, left + number * width, HEIGHT - _BOTTOM - height, width, height, tip))
        if position % label_every == 0:
            labels.append((left + step * 0.4, HEIGHT - 6, column.label))
    drawn = format_html_join("", '<rect class="plot-{}" x="{}" y="{}" width="{}" height="{}"><title>{}</title></rect>',
                             [(n, *map(_round, (x, y, w, h)), tip) for n, x, y, w, h, tip in shapes])  # fmt: skip
    return _frame(drawn, labels, highest, series, width=WIDTH)


def line(points: Sequence[tuple[str, Decimal]], name: str) -> SafeString:
    """Return a line through `points`, each a label and a value."""
    highest = max((value for _, value in points), default=Decimal(0))
    step = (WIDE - 2 * _LEFT) / max(len(points) - 1, 1)
    places = [
        (_LEFT + position * step, HEIGHT - _BOTTOM - (float(value / highest) * _PLOT_HEIGHT if highest else 0))
        for position, (_, value) in enumerate(points)
    ]
    path = " ".join(f"{_round(x)},{_round(y)}" for x, y in places)
    dots = format_html_join(
        "",
        '<circle class="plot-0" cx="{}" cy="{}" r="3"><title>{}</title></circle>',
        [
            (_round(x), _round(y), f"{label}: {show_money(value)}")
            for (x, y), (label, value) in zip(places, points, strict=True)
        ],
    )
    every = max(1, len(points) // 6)
    labels = [
        (min(max(x, 24), WIDE - 24), HEIGHT - 6, points[i][0]) for i, (x, _) in enumerate(places) if i % every == 0
    ]
    return _frame(
        format_html('<polyline class="plot-line" points="{}"/>{}', path, dots), labels, highest, [name], width=WIDE
    )


def _frame(
    drawn: SafeString, labels: Sequence[tuple[object, ...]], highest: Decimal, series: Sequence[str], *, width: int
) -> SafeString:
    texts = format_html_join(
        "", '<text x="{}" y="{}" text-anchor="middle">{}</text>', [(_round(x), y, text) for x, y, text in labels]
    )
    legend = format_html_join("", '<span class="plot-key plot-key-{}">{}</span>', list(enumerate(series)))
    return format_html(
        '<div class="plot-legend">{}</div>'
        '<div class="plot-scroll"><svg class="plot{}" viewBox="0 0 {} {}" role="img" aria-label="{}">'
        '<path class="plot-grid" d="M0 {}H{}M0 {}H{}"/>'
        '<text class="plot-top" x="4" y="18">{}</text>{}{}</svg></div>',
        legend, " plot-wide" if width == WIDE else "", width, HEIGHT,
        ", ".join(series), _TOP, width, HEIGHT - _BOTTOM, width,
        show_money(highest), drawn, texts,
    )  # fmt: skip


def _round(value: object) -> str:
    return f"{float(str(value)):.1f}"
