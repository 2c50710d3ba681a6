"""One table, written three ways: for a terminal, for Markdown and for HTML."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

VERDICT_CLASSES = {"stretch": "good", "reached": "good", "missed": "bad"}


@dataclass(frozen=True, slots=True)
class Table:
    """A title, a header and rows of text. All columns but the first `left` are numbers."""

    title: str
    header: Sequence[str]
    rows: Sequence[Sequence[str]]
    left: int = 1

    def as_text(self) -> str:
        """Return the table with its columns aligned."""
        lines = [self.header, *self.rows]
        widths = [max(len(line[column]) for line in lines) for column in range(len(self.header))]
        aligned = ["  ".join(self._align(cell, widths[i], i) for i, cell in enumerate(line)).rstrip() for line in lines]
        return "\n".join([self.title, aligned[0], "-" * max(map(len, aligned)), *aligned[1:]])

    def as_markdown(self) -> str:
        """Return the table under a heading."""
        rule = ["---" if column < self.left else "---:" for column in range(len(self.header))]
        lines = [
            "| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |"
            for line in (self.header, rule, *self.rows)
        ]
        return "\n".join([f"## {self.title}", "", *lines])

    def as_html(self) -> str:
        """Return the table as a section of the page."""
        head = "".join(f"<th{self._class(i)}>{escape(cell)}</th>" for i, cell in enumerate(self.header))
        body = "".join(
            "<tr>" + "".join(f"<td{self._class(i, cell)}>{escape(cell)}</td>" for i, cell in enumerate(row)) + "</tr>"
            for row in self.rows
        )
        table = f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
        return f'<section class="card"><h2>{escape(self.title)}</h2><div class="scroll">{table}</div></section>'

    def _align(self, cell: str, width: int, column: int) -> str:
        return cell.ljust(width) if column < self.left else cell.rjust(width)

    def _class(self, column: int, cell: str = "") -> str:
        names = ["number"] if column >= self.left else []
        names += [VERDICT_CLASSES[cell]] if cell in VERDICT_CLASSES else []
        return f' class="{" ".join(names)}"' if names else ""
