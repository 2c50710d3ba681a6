"""manage.py load_history: add old entries to the ledger, as the owner of the database; the audit trail says so."""

import getpass
import hashlib
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

import psycopg2
from django.core.management.base import BaseCommand, CommandError
from django.db import connection
from psycopg2.extensions import cursor

from apps.accounts.models import AuditAction
from apps.core.database.logins import database_login
from apps.core.database.roles import open_database

# By SQL: the line is written in the owner's transaction, and the application's connection is another role's.
_TELL = """
INSERT INTO accounts_auditevent (action, subject, subject_id, subject_name, detail, request_id)
VALUES (%s, '', '', %s, %s, '-')"""
# Nodes of Citus count what their sessions add, so there the wallets say it: with the sales of others meanwhile.
_COUNTED = """
SELECT CASE WHEN to_regclass('pg_catalog.pg_dist_node') IS NULL
    THEN (SELECT n_tup_ins FROM pg_stat_xact_user_tables WHERE relid = 'transactions_ledgerentry'::regclass)
    ELSE (SELECT sum(sequence) FROM transactions_wallet) END"""


class Command(BaseCommand):
    help = (
        "Run a file of SQL as the owner of the database, in one transaction in which entries may be dated in the past. "
        "All other rules hold: each entry follows the one before it, and its id is of its time. "
        "The audit trail says who loaded which file, and why. Make a new seal afterwards."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help="SQL that adds entries and moves their wallets")
        parser.add_argument("--reason", required=True, help="shown in the audit trail")

    def handle(self, *args: Any, file: Path, reason: str, **options: Any) -> None:
        try:
            script = file.read_bytes()
        except OSError as error:
            raise CommandError(str(error)) from error
        with open_database(database_login("owner", connection.settings_dict["NAME"])) as owner:
            owner.autocommit = False
            try:
                with owner, owner.cursor() as statement:
                    added = _load(statement, file.name, script, reason)
            except psycopg2.Error as error:
                raise CommandError(f"Nothing was loaded: {str(error).strip()}") from error
        self.stdout.write(f"{added:,} entries were added. The audit trail says so. Make a new seal.")


def _load(statement: cursor, name: str, script: bytes, reason: str) -> int:
    """Run the script and count its entries. Its line in the trail comes first: a COMMIT within it keeps both."""
    detail = f"{reason}; by {getpass.getuser()}; SHA-256 {hashlib.sha256(script).hexdigest()}"
    statement.execute(_TELL, [AuditAction.LOAD_HISTORY.value, name[:200], detail[:1_000]])
    statement.execute("SET LOCAL sharj.loads_history = on")
    before = _count(statement)
    statement.execute(script)
    added = _count(statement) - before
    if not added:
        raise CommandError("Nothing was loaded: the file adds no entry.")
    return added


def _count(statement: cursor) -> int:
    statement.execute(_COUNTED)
    [counted] = statement.fetchone() or [0]
    return int(counted or 0)
