"""Horizontal bars as SVG; colours come from the classes of the style sheet."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from functional_tests.performance.charts import Scale

WIDTH, LABEL_WIDTH, VALUE_WIDTH = 760, 210, 90
ROW_HEIGHT, TOP, BOTTOM = 24, 8, 26
BAR_WIDTH = WIDTH - LABEL_WIDTH - VALUE_WIDTH
# For a picture that stands alone; a page brings its own colours.
STANDALONE_STYLE = """
svg { font: 12px system-ui, sans-serif; --text: #16202c; --muted: #5c6877; --line: #e2e6eb; --accent: #1d6fd1;
      --marker: #b45309; background: #fff; }
@media (prefers-color-scheme: dark) {
  svg { --text: #e7ecf2; --muted: #98a5b4; --line: #2a3542; --accent: #6cb0f5; --marker: #f5b04c; background: #10151c; }
}
"""
SERIES_STYLE = """
.label { fill: var(--text); } .tick { fill: var(--muted); } .grid { stroke: var(--line); }
.series-0 { fill: var(--accent); } .series-1 { fill: var(--marker); }
"""


@dataclass(frozen=True, slots=True)
class Bar:
    """A row of a plot: parts that lie end to end."""

    label: str
    parts: Sequence[float]


def bars(rows: Sequence[Bar], unit: str, series: Sequence[str], *, style: str = "") -> str:
    """Draw `rows`; `series` names the parts. `style` is put into the picture."""
    scale = Scale.covering(max(sum(row.parts) for row in rows))
    height = TOP + ROW_HEIGHT * len(rows) + BOTTOM
    floor = height - BOTTOM
    shapes = []
    for value in scale.values():
        x = LABEL_WIDTH + BAR_WIDTH * value / scale.top
        shapes.append(f'<line class="grid" x1="{x:.1f}" x2="{x:.1f}" y1="{TOP}" y2="{floor}"/>')
        shapes.append(f'<text class="tick" x="{x:.1f}" y="{floor + 18}" text-anchor="middle">{value:,.4g}</text>')
    for index, row in enumerate(rows):
        shapes += _row(row, TOP + ROW_HEIGHT * index, scale, unit, series)
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img">'
    return f"{head}<style>{style}{SERIES_STYLE}</style>{''.join(shapes)}</svg>"


def _row(row: Bar, y: float, scale: Scale, unit: str, series: Sequence[str]) -> list[str]:
    middle = y + ROW_HEIGHT / 2 + 4
    shapes = [f'<text class="label" x="{LABEL_WIDTH - 8}" y="{middle}" text-anchor="end">{escape(row.label)}</text>']
    x = float(LABEL_WIDTH)
    for index, (name, value) in enumerate(zip(series, row.parts, strict=True)):
        width = BAR_WIDTH * value / scale.top
        shapes.append(
            f'<rect class="series-{index}" x="{x:.1f}" y="{y + 4}" width="{width:.1f}" height="{ROW_HEIGHT - 8}">'
            f"<title>{escape(name)}: {value:,.3g} {unit}</title></rect>"
        )
        x += width
    total = sum(row.parts)
    text = f"{total:,.0f}" if total >= 100 else f"{total:.3g}"
    shapes.append(f'<text class="tick" x="{x + 6:.1f}" y="{middle}">{text} {unit}</text>')
    return shapes
