"""manage.py reconcile_balances: compare every balance with the ledger."""

from argparse import ArgumentParser
from collections.abc import Iterable
from time import monotonic
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError

from apps.core.errors import NotFound
from apps.core.observability.step_clock import after_step, step
from apps.transactions.reconciliation import reconcile, repair
from apps.transactions.reconciliation.output import (
    AGREES,
    DISAGREES,
    FIXED,
    Findings,
    JSONOutput,
    TextOutput,
)
from apps.transactions.reconciliation.reconcile import Reconciliation, SellerReconciliation
from apps.transactions.reconciliation.runs import record_run


class Command(BaseCommand):
    help = (
        "Compare the balance of each seller with the sum of its ledger entries, and check that each entry begins where "
        "the one before it ended. Exits with 1 if something disagrees and was not fixed."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--seller-id", type=UUID, help="only this seller")
        parser.add_argument(
            "--incremental",
            action="store_true",
            help="read only the entries after each seller's checkpoint, and move the checkpoints of those that agree; "
            "leaves hashes and the trial balance unchecked",
        )
        parser.add_argument("--report", action="store_true", help="all columns, and the trial balance of the ledger")
        parser.add_argument("--fix", action="store_true", help="set wallets that disagree to what the ledger says")
        parser.add_argument("--json", action="store_true", help="print one JSON document")

    def handle(
        self, *args: Any, seller_id: UUID | None, incremental: bool, report: bool, fix: bool, json: bool, **options: Any
    ) -> None:
        if incremental and (seller_id or report or fix):
            raise CommandError("--incremental goes with none of --seller-id, --report and --fix.")
        if seller_id is not None:
            self.check_exists(seller_id)
        output = JSONOutput(self.stdout.write) if json else TextOutput(self.stdout.write, full=report)
        findings, began = Findings(), monotonic()
        found = reconcile.reconcile_since_checkpoints() if incremental else reconcile.iterate_reconciliations(seller_id)
        disagreeing = self.compare(after_step("Adding up the ledger", found), output, findings)
        if fix:
            disagreeing = [seller for seller in disagreeing if not self.repair(seller.seller_id, findings)]
        if not incremental:
            with step("Checking the chain of entries"):
                findings.chain_verified = not reconcile.has_broken_links(seller_id)
        accounts = None
        if report or not (incremental or seller_id):
            with step("Adding up the accounts"):
                accounts = reconcile.trial_balance()
        findings.trial_balance = accounts if report else None
        result = Reconciliation(findings.verdicts.total(), disagreeing, accounts, findings.chain_verified)
        # One seller agrees by itself, without the accounts of the platform.
        findings.is_reconciled = result.is_reconciled if seller_id is None else result.is_reconciled is not False
        output.end(findings)
        if seller_id is None:
            record_run(result, seconds=monotonic() - began)
        if findings.is_reconciled is False:
            raise SystemExit(1)

    def check_exists(self, seller_id: UUID) -> None:
        try:
            reconcile.reconcile_seller(seller_id)
        except NotFound as error:
            raise CommandError(error.message) from error

    def compare(
        self, reconciliations: Iterable[SellerReconciliation], output: JSONOutput | TextOutput, findings: Findings
    ) -> list[SellerReconciliation]:
        """Write every seller and return those that disagree."""
        disagreeing = []
        output.begin()
        for found in reconciliations:
            output.seller(found)
            findings.verdicts[AGREES if found.is_reconciled else DISAGREES] += 1
            if not found.is_reconciled:
                disagreeing.append(found)
        return disagreeing

    def repair(self, seller_id: UUID, findings: Findings) -> bool:
        """Restore a wallet; return whether the ledger allowed it."""
        try:
            repair.repair_wallet(seller_id=seller_id)
        except repair.LedgerInconsistent as error:
            findings.repairs[seller_id] = str(error)
            return False
        findings.repairs[seller_id] = ""
        findings.verdicts[DISAGREES] -= 1
        findings.verdicts[FIXED] += 1
        return True
