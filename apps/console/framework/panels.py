"""A panel: one part of the home page or of a seller's page."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.safestring import SafeString


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """What a part of a page shows: figures, then a plot, then a table; whichever it has."""

    title: str
    figures: Sequence[tuple[str, object]] = ()
    plot: SafeString | str = ""
    columns: Sequence[str] = ()
    rows: Sequence[Sequence[object]] = ()
    empty: str = ""
    note: str = ""
    more: tuple[str, str] | None = None  # address and text of a link to all of it
    buttons: Sequence[tuple[str, str, object, str]] = ()  # list, action, row and label
    is_wide: bool = False

    @property
    def labelled_rows(self) -> list[list[tuple[str, object]]]:
        """Each cell with the name of its column, which stands beside it where a phone shows a row as a card."""
        return [list(zip(self.columns, row, strict=True)) for row in self.rows]

    @property
    def is_many_columned(self) -> bool:
        """Whether the table is wider than a phone."""
        return len(self.columns) > 3
