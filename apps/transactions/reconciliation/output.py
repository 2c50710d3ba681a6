"""Output of `manage.py reconcile_balances`: text for people, or one JSON document.

Sellers are written as they come, so that the output of any number of them takes no memory.
"""

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from uuid import UUID

from apps.core.values.money import ZERO, format_money
from apps.transactions.reconciliation.reconcile import SellerReconciliation
from apps.transactions.reconciliation.serializers import SellerReconciliationSerializer

AGREES, FIXED, DISAGREES = "agrees", "fixed", "disagrees"
_CHAIN = {True: "unbroken", False: "BROKEN", None: "not checked"}
Write = Callable[[str], object]


@dataclass
class Findings:
    """The findings and repairs of a run. None stands for what was not checked.

    `repairs` holds the obstacle to each repair, or "" if it was made; `trial_balance` is None where it is not shown.
    """

    verdicts: Counter[str] = field(default_factory=Counter)
    repairs: dict[UUID, str] = field(default_factory=dict)
    chain_verified: bool | None = None
    trial_balance: dict[str, Decimal] | None = None
    is_reconciled: bool | None = None


class TextOutput:
    """A table and a summary; `full` adds columns."""

    def __init__(self, write: Write, *, full: bool) -> None:
        self._write, self._full = write, full

    def begin(self) -> None:
        details = ["Difference", "Entries", "Last sequence", "Wallet sequence"] if self._full else []
        self._row("Seller", "Current", "Calculated", details, "Verdict", "Company")

    def seller(self, found: SellerReconciliation) -> None:
        counts = (found.total_transactions, found.last_sequence, found.wallet_sequence)
        self._row(
            str(found.seller_id),
            format_money(found.current_balance),
            format_money(found.calculated_balance),
            [format_money(found.difference), *map(str, counts)] if self._full else [],
            AGREES if found.is_reconciled else DISAGREES.upper(),
            "".join(character if character.isprintable() else "?" for character in found.company_name),
        )

    def end(self, findings: Findings) -> None:
        for seller_id, problem in findings.repairs.items():
            self._write(f"{seller_id}  {f'NOT FIXED: {problem}' if problem else 'fixed: set to what the ledger says'}")
        if findings.trial_balance is not None:
            self._write("\nTrial balance (debits minus credits)")
            totals = findings.trial_balance
            for account, amount in {**totals, "total": sum(totals.values(), ZERO)}.items():
                self._write(f"{account:<36}  {format_money(amount):>22}")
        agree, fixed, disagree = (findings.verdicts[verdict] for verdict in (AGREES, FIXED, DISAGREES))
        total = findings.verdicts.total()
        self._write(f"\nSellers checked: {total}. Agree: {agree}, fixed: {fixed}, disagree: {disagree}.")
        self._write(f"Chain of entries: {_CHAIN[findings.chain_verified]}.")

    def _row(self, seller: str, current: str, calculated: str, details: list[str], verdict: str, company: str) -> None:
        numbers = [f"{text:>22}" for text in (current, calculated, *details[:1])]
        numbers += [f"{text:>15}" for text in details[1:]]
        self._write("  ".join([f"{seller:<36}", *numbers, f"{verdict:<9}", company]))


class JSONOutput:
    """`{"sellers": [as the API answers them], "summary": {…}}`."""

    def __init__(self, write: Write) -> None:
        self._write = write
        self._separator = ""

    def begin(self) -> None:
        self._write('{"sellers": [')

    def seller(self, found: SellerReconciliation) -> None:
        self._write(self._separator + json.dumps(SellerReconciliationSerializer(found).data))
        self._separator = ","

    def end(self, findings: Findings) -> None:
        summary: dict[str, object] = {
            "sellers_checked": findings.verdicts.total(),
            **{verdict: findings.verdicts[verdict] for verdict in (AGREES, FIXED, DISAGREES)},
            "repairs": [
                {"seller_id": str(seller_id), "problem": problem or None}
                for seller_id, problem in findings.repairs.items()
            ],
            "chain_verified": findings.chain_verified,
            "is_reconciled": findings.is_reconciled,
        }
        if findings.trial_balance is not None:
            totals = findings.trial_balance
            summary["trial_balance"] = {account: format_money(amount) for account, amount in totals.items()}
            summary["trial_balance_total"] = format_money(sum(totals.values(), ZERO))
        self._write(f'], "summary": {json.dumps(summary)}}}')
