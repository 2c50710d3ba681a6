"""What a document shows, apart from its drawing, whose library takes a tenth of a server's start to load."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the table; numbers stand at the end of theirs."""

    heading: str
    millimetres: float
    is_number: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """The contents of a document: a title, facts, advice, and a table whose head is repeated on each page."""

    title: str
    facts: Sequence[tuple[str, str]]
    advice: str
    columns: Sequence[Column]
    rows: Iterable[Sequence[str]]
    page_name: Callable[[int], str]
    language: str
    is_rtl: bool
