"""manage.py verify_ledger: prove that each entry is as it was written and each balance follows from the entries."""

import json
import shutil
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError

from apps.accounts.models import Seller
from apps.core.errors import InvalidInput
from apps.transactions.reconciliation.seals import SealWriter, read_seals
from apps.transactions.reconciliation.verification import Report, Verification

_BAR_MAX_COLUMNS = 40


class Command(BaseCommand):
    help = (
        "Verify the ledger from its rows alone: hashes, numbering, balances and legs of every chain of entries, that "
        "wallets agree, and the chains of the audit trail. Exits with 1 if something is wrong, naming the first wrong "
        "entry of each seller and the first wrong line of each actor; with 2 if it could not verify."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--seller-id", type=UUID, help="only this seller")
        parser.add_argument("--seal", type=Path, metavar="FILE", help="write the end of every chain, to keep")
        parser.add_argument(
            "--against",
            type=Path,
            metavar="FILE",
            action="append",
            default=[],
            help="an earlier seal: nothing before it may have changed; can be repeated",
        )
        parser.add_argument("--json", action="store_true", help="print one JSON document")

    def handle(
        self, *args: Any, seller_id: UUID | None, seal: Path | None, against: list[Path], **options: Any
    ) -> None:
        if seal and seller_id:
            raise CommandError("--seal is of all sellers; leave --seller-id out.", returncode=2)
        if seller_id and not Seller.objects.filter(pk=seller_id).exists():
            raise CommandError("Seller not found.", returncode=2)
        try:
            report, digest = self.verify(seller_id, seal, against)
        except Exception as error:  # 1 would mean a fault of the ledger, and a crash proves none
            reason = str(error) if isinstance(error, (InvalidInput, OSError, DatabaseError)) else repr(error)
            raise CommandError(reason, returncode=2) from error
        if sys.stderr.isatty():
            sys.stderr.write("\n")  # ends the line of the bar
        (self.write_json if options["json"] else self.write_text)(report, digest)
        if report.has_faults:
            raise SystemExit(1)

    def verify(self, seller_id: UUID | None, seal: Path | None, against: list[Path]) -> tuple[Report, str]:
        """Return the report, and the digest of the seal if one was written: only of a ledger without fault."""
        verification = Verification(seals=read_seals(against), on_progress=self.progress)
        if seal is None:
            return verification.run(seller_id), ""
        with SealWriter(seal) as writer:
            verification.on_head = writer.add
            report = verification.run()
            return report, "" if report.has_faults else writer.end(report.taken_at)

    def progress(self, read: int, total: int) -> None:
        """Draw a bar for people; nothing when the output is redirected."""
        if not sys.stderr.isatty():
            return
        width = min(_BAR_MAX_COLUMNS, shutil.get_terminal_size().columns - 40)
        share = min(1.0, read / total) if total else 1.0
        bar = "#" * round(width * share)
        sys.stderr.write(f"\r[{bar:<{width}}] {share:4.0%}  {read:,} entries")

    def write_text(self, report: Report, digest: str) -> None:
        for problem in report.problems:
            for detail in problem.faults.values():
                self.stdout.write(f"seller {problem.seller_id}, entry {problem.sequence}: {detail}")
        for actor, line, faults in report.audit_problems:
            for detail in faults.values():
                self.stdout.write(f"audit trail of {actor}, line {line}: {detail}")
        verdict = f"{len(report.problems):,} sellers with faults" if report.problems else "no fault"
        self.stdout.write(f"{report.entries:,} entries of {report.sellers:,} sellers: {verdict}.")
        if report.audit_lines is not None:
            verdict = f"{len(report.audit_problems):,} actors with faults" if report.audit_problems else "no fault"
            self.stdout.write(f"{report.audit_lines:,} lines of the audit trail: {verdict}.")
        if digest:
            self.stdout.write(f"Sealed. SHA-256 of the seal: {digest}")

    def write_json(self, report: Report, digest: str) -> None:
        document = {
            "taken_at": report.taken_at,
            "sellers": report.sellers,
            "entries": report.entries,
            "verified": not report.has_faults,
            "problems": [
                {"seller_id": problem.seller_id, "sequence": problem.sequence, "faults": problem.faults}
                for problem in report.problems
            ],
            "audit_lines": report.audit_lines,
            "audit_problems": [problem._asdict() for problem in report.audit_problems],
            "seal_sha256": digest or None,
        }
        self.stdout.write(json.dumps(document))
