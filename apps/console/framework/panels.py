"""A panel: one part of the home page or of a seller's page."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from apps.console.framework.charts import Chart
from apps.console.framework.display import aligned

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """Figures, then a chart, then a table; each only if given."""

    title: str
    figures: Sequence[tuple[str, object]] = ()
    chart: Chart | None = None
    columns: Sequence[str] = ()
    rows: Sequence[Sequence[object]] = ()
    empty: str = ""
    note: str = ""
    more: tuple[str, str] | None = None  # address and text of a link to all of it
    buttons: Sequence[tuple[str, str, object, str]] = ()  # list, action, row and label
    is_wide: bool = False
    is_alarm: bool = False

    @property
    def labelled_rows(self) -> list[list[tuple[str, object]]]:
        """Return each cell with the name of its column, which a phone shows beside it."""
        return [list(zip(self.columns, row, strict=True)) for row in self.rows]

    @property
    def aligned_columns(self) -> "list[tuple[StrOrPromise, bool]]":
        """Return each column's name, and whether its cells are figures."""
        return aligned(self.columns, self.rows)

    @property
    def is_many_columned(self) -> bool:
        """Tell whether the table is wider than a phone."""
        return len(self.columns) > 3
