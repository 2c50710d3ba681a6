"""Ledger entries as CSV: the members that the API writes in JSON, and the hash by which an auditor verifies them."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from django.http import StreamingHttpResponse

from apps.core.api.csv_export import stream_csv
from apps.transactions.entries.serializers import LedgerEntrySerializer, render_entry
from apps.transactions.models import LedgerEntry

COLUMNS = (
    *(name for name in LedgerEntrySerializer().fields.keys() if name != "delivery"),  # noqa: SIM118  (its type)
    "operator", "delivery_status", "operator_reference", "face_value", "entry_hash",
)  # fmt: skip
_TRUSTED = frozenset({"phone_number"})


def stream_entries(
    entries: Iterable[LedgerEntry], *, filename: str, remarks: Sequence[str] = ()
) -> StreamingHttpResponse:
    """Return a response that streams `entries`, in constant memory; `remarks` stand before the header."""

    def rows() -> Iterator[dict[str, object]]:
        for entry in entries:
            rendered = render_entry(entry)
            delivery: Any = rendered.pop("delivery") or {}
            yield {
                **rendered,
                "operator": entry.operator,
                "delivery_status": delivery.get("status"),
                "operator_reference": delivery.get("operator_reference"),
                "face_value": delivery.get("face_value"),
                "entry_hash": bytes(entry.entry_hash).hex(),
            }

    return stream_csv(COLUMNS, rows(), filename=filename, trusted=_TRUSTED, remarks=remarks)
