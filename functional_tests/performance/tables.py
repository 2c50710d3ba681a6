"""A table, written for a terminal, for Markdown and for HTML."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape


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
        return "\n".join([aligned[0], "-" * max(map(len, aligned)), *aligned[1:]])

    def as_markdown(self) -> str:
        """Return the table under a heading."""
        rule = ["---" if column < self.left else "---:" for column in range(len(self.header))]
        lines = [
            "| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |"
            for line in (self.header, rule, *self.rows)
        ]
        return "\n".join([f"## {self.title}", "", *lines])

    def as_html(self) -> str:
        """Return the table with its title as the caption."""
        head = "".join(f"<th>{escape(cell)}</th>" for cell in self.header)
        body = "".join(
            "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in self.rows
        )  # fmt: skip
        caption = f"<caption>{escape(self.title)}</caption>"
        return f"<table>{caption}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"

    def _align(self, cell: str, width: int, column: int) -> str:
        return cell.ljust(width) if column < self.left else cell.rjust(width)
