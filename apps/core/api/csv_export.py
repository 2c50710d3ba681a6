"""Streamed CSV (RFC 4180), safe against formula injection."""

import csv
from collections.abc import Iterable, Iterator, Sequence

from django.http import StreamingHttpResponse
from rest_framework.renderers import BaseRenderer

# A cell that begins with one of these may run as a formula (OWASP, CSV injection). The apostrophe is among them so
# that the guard can be taken off again: a guarded cell is the original after one apostrophe.
_DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "\n", "'")


class CSVRenderer(BaseRenderer):
    """A renderer by which clients ask for `text/csv`; the view streams the answer itself."""

    media_type = "text/csv"
    format = "csv"
    charset = "utf-8"


class _Echo:
    """A file whose `write` returns the text."""

    def write(self, text: str) -> str:
        return text


def guard(value: object, *, trusted: bool = False) -> str:
    """Return `value` as the text of a cell; one that could be a formula gets an apostrophe in front.

    `trusted` cells are written by this platform in a fixed form (numbers, E.164 phone numbers) and stay as they are.
    """
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(_DANGEROUS) and not trusted else text


def stream_csv(
    columns: Sequence[str],
    rows: Iterable[dict[str, object]],
    *,
    filename: str,
    trusted: frozenset[str] = frozenset(),
    remarks: Sequence[str] = (),
) -> StreamingHttpResponse:
    """Return a response that streams `rows` in constant memory; `remarks` stand before the header, after a `#`."""

    def lines() -> Iterator[str]:
        writer = csv.writer(_Echo())
        for remark in remarks:
            yield writer.writerow([f"# {remark}"])
        yield writer.writerow(columns)
        for row in rows:
            yield writer.writerow([guard(row[name], trusted=name in trusted) for name in columns])

    response = StreamingHttpResponse(lines(), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{filename}"'
    return response
