"""Outcomes of selling: a sale, and a batch of them."""

from dataclasses import dataclass
from decimal import Decimal

from apps.core.errors import DomainError
from apps.transactions.models import LedgerEntry


@dataclass(frozen=True, slots=True)
class Sale:
    """A charge that was sold. `replayed`: by an earlier request with the same key, not by this one."""

    entry: LedgerEntry
    replayed: bool


class InvalidItem(DomainError):
    """The item of a batch is malformed; `extra["errors"]` has each complaint about it."""

    code = "validation_error"


@dataclass(frozen=True, slots=True)
class Batch:
    """The outcome of each item of a batch: a sale, or the refusal that left the item without effect."""

    results: list[Sale | DomainError]
    balance_after: Decimal

    @property
    def sold(self) -> list[LedgerEntry]:
        """The entries that this batch added to the ledger."""
        return [result.entry for result in self.results if isinstance(result, Sale) and not result.replayed]

    @property
    def refusals(self) -> list[DomainError]:
        """The refusals of single items."""
        return [result for result in self.results if isinstance(result, DomainError)]


@dataclass(frozen=True, slots=True)
class DryRun:
    """What a request would do now: the outcome of each charge, and the refusal of the request as a whole."""

    batch: Batch
    refusal: DomainError | None
