"""manage.py reconcile_balances: does every balance agree with the ledger?"""

from argparse import ArgumentParser
from collections.abc import Iterable
from time import monotonic
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError

from apps.core.errors import NotFound
from apps.core.observability.step_clock import after_step, step
from apps.core.values.money import ZERO
from apps.transactions.models import ReconciliationRun
from apps.transactions.reconciliation import reconcile as reconciliation
from apps.transactions.reconciliation import repair
from apps.transactions.reconciliation.output import (
    AGREES,
    DISAGREES,
    FIXED,
    Findings,
    JSONOutput,
    TextOutput,
)
from apps.transactions.reconciliation.reconcile import SellerReconciliation


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
            help="read only what came after each seller's checkpoint, and move the checkpoints of those who agree",
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
        found = (
            reconciliation.reconcile_since_checkpoints()
            if incremental
            else reconciliation.iterate_reconciliations(seller_id)
        )
        disagreeing = self.compare(after_step("Adding up the ledger", found), output, findings)
        if fix:
            for disagreeing_id in disagreeing:
                self.repair(disagreeing_id, findings)
        if not incremental:  # the incremental reading checks the links itself
            with step("Checking the chain of entries"):
                findings.chain_verified = not reconciliation.has_broken_links(seller_id)
        if report:
            with step("Adding up the accounts"):
                findings.trial_balance = reconciliation.trial_balance()
        output.end(findings)
        if seller_id is None:
            self.keep_verdict(findings, monotonic() - began)
        if not findings.is_reconciled:
            raise SystemExit(1)

    def keep_verdict(self, findings: Findings, seconds: float) -> None:
        """Keep what was found: the home page shows it, an alert watches its age. Only --report adds all amounts up."""
        ReconciliationRun.objects.create(
            seconds=round(seconds, 3),
            sellers_checked=findings.verdicts.total(),
            discrepancies=findings.verdicts[DISAGREES],
            trial_balance_total=sum(findings.totals().values(), ZERO),
            chain_verified=findings.chain_verified,
            is_reconciled=findings.is_reconciled,
        )

    def check_exists(self, seller_id: UUID) -> None:
        try:
            reconciliation.reconcile_seller(seller_id)
        except NotFound as error:
            raise CommandError(error.message) from error

    def compare(
        self, reconciliations: Iterable[SellerReconciliation], output: JSONOutput | TextOutput, findings: Findings
    ) -> list[UUID]:
        """Write every seller and return those that disagree."""
        disagreeing = []
        output.begin()
        for found in reconciliations:
            output.seller(found)
            findings.verdicts[AGREES if found.is_reconciled else DISAGREES] += 1
            if not found.is_reconciled:
                disagreeing.append(found.seller_id)
        return disagreeing

    def repair(self, seller_id: UUID, findings: Findings) -> None:
        try:
            repair.restore_wallet(seller_id=seller_id)
        except repair.LedgerInconsistent as error:
            findings.repairs[seller_id] = str(error)
        else:
            findings.repairs[seller_id] = ""
            findings.verdicts[DISAGREES] -= 1
            findings.verdicts[FIXED] += 1
