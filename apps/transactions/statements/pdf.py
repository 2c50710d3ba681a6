"""Drawing of a statement as PDF (fpdf2, with its own font: nothing of the system is needed), in both directions."""

import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from fpdf import FPDF

from apps.transactions.statements.sheet import Sheet

_FONTS = Path(__file__).parent / "fonts"
_MARGIN, _LINE, _ROW = 12.0, 6.0, 5.2  # millimetres
_FACT_WIDTH = 48.0
_GREY, _BLACK = 110, 20
# Letters that are joined or run from right to left. Shaping takes 50 times as long as writing, so only these get it.
# Digits and the separators of numbers (U+066B, U+066C) are not among them.
_SHAPED = re.compile("[\u0590-\u066a\u066d-\u06ef\u06fa-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]")


def draw(sheet: Sheet) -> bytes:
    """Return the document."""
    drawing = _Drawing(sheet)
    drawing.add_page()
    drawing.write_head()
    drawing.write_table_head()
    for row in sheet.rows:
        drawing.write_row(row)
    return bytes(drawing.output())


class _Drawing(FPDF):
    """Pages that are written from top to bottom, mirrored for a language from right to left."""

    def __init__(self, sheet: Sheet) -> None:
        super().__init__(format="A4")
        self._sheet = sheet
        for style, name in (("", "Regular"), ("B", "Bold")):
            self.add_font("Vazirmatn", style, _FONTS / f"Vazirmatn-{name}.ttf")
        self.set_margin(_MARGIN)
        self.set_auto_page_break(False)
        self.set_title(sheet.title)
        self.set_lang(sheet.language)

    def footer(self) -> None:
        """Number the page."""
        self._choose(8, grey=_GREY)
        self._put(self._sheet.page_name(self.page_no()), 0, self.epw, self.h - 8)

    def write_head(self) -> None:
        """Write title, facts and advice."""
        self._choose(16, "B")
        self._put(self._sheet.title, 0, self.epw, self.y + 6)
        self.y += 12
        for name, value in self._sheet.facts:
            self._choose(9, grey=_GREY)
            self._put(name, 0, _FACT_WIDTH, self.y + 4)
            self._choose(9, "B")
            self._put(value, _FACT_WIDTH, self.epw - _FACT_WIDTH, self.y + 4)
            self.y += _LINE
        self._choose(8, grey=_GREY)
        self.set_text_shaping(True, direction=self._direction)
        self.set_xy(_MARGIN, self.y + 2)
        self.multi_cell(self.epw, 4.5, self._sheet.advice, align="R" if self._sheet.is_rtl else "L")
        self.y += 4

    def write_table_head(self) -> None:
        """Write the names of the columns, and set the font of the rows."""
        self._choose(8.5, "B")
        self._write_cells([column.heading for column in self._sheet.columns])
        self.line(_MARGIN, self.y, self.w - _MARGIN, self.y)
        self._choose(8.5)

    def write_row(self, cells: Sequence[str]) -> None:
        """Write a row, on a new page if this one is full."""
        if self.y + _ROW > self.h - _MARGIN - _LINE:
            self.add_page()
            self.write_table_head()
        self._write_cells(cells)

    def _write_cells(self, cells: Sequence[str]) -> None:
        start = 0.0
        for column, text in zip(self._sheet.columns, cells, strict=True):
            self._put(text, start, column.millimetres, self.y + _ROW - 1.4, at_end=column.is_number)
            start += column.millimetres
        self.y += _ROW

    def _put(self, text: str, start: float, width: float, baseline: float, *, at_end: bool = False) -> None:
        """Write `text` into a place that begins `start` from the side where the language does."""
        is_right = at_end is not self._sheet.is_rtl
        left = self.w - _MARGIN - start - width if self._sheet.is_rtl else _MARGIN + start
        if _SHAPED.search(text):
            self.set_text_shaping(True, direction=self._direction)
            line, self.y = self.y, baseline - 3.6
            self.x = left
            self.cell(width, 5, text, align="R" if is_right else "L")
            self.y = line
        else:
            self.set_text_shaping(False)
            long = sum(map(self._width, text)) if is_right else 0
            self.text(left + width - long - 1 if is_right else left + 1, baseline, text)

    def _choose(self, size: float, style: str = "", *, grey: int = _BLACK) -> None:
        self.set_font("Vazirmatn", style, size)
        self.set_text_color(grey)
        self._width = cache(self.get_string_width)  # of one character in this font

    @property
    def _direction(self) -> str:
        return "rtl" if self._sheet.is_rtl else "ltr"
