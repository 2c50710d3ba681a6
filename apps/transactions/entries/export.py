"""Ledger entries as CSV: the members that the API writes in JSON, and the hash by which an auditor verifies them."""

from collections.abc import Iterable, Iterator, Sequence

from django.http import StreamingHttpResponse

from apps.core.api.csv_export import stream_csv
from apps.transactions.entries.serializers import LedgerEntrySerializer, render_entry
from apps.transactions.models import LedgerEntry

COLUMNS = (*LedgerEntrySerializer().fields, "entry_hash")
_TRUSTED = frozenset({"phone_number"})


def stream_entries(
    entries: Iterable[LedgerEntry], *, filename: str, remarks: Sequence[str] = ()
) -> StreamingHttpResponse:
    """Return a response that streams `entries`, in constant memory; `remarks` stand before the header."""

    def rows() -> Iterator[dict[str, object]]:
        for entry in entries:
            yield {**render_entry(entry), "entry_hash": bytes(entry.entry_hash).hex()}

    return stream_csv(COLUMNS, rows(), filename=filename, trusted=_TRUSTED, remarks=remarks)
