"""Let several processes hash the ledger at once: these functions read nothing but their arguments.

Locks: none that reads or writes wait for.
"""

from django.db import migrations

FUNCTIONS = ("ledger_canonical_form(transactions_ledgerentry)", "ledger_hash(bytea, transactions_ledgerentry)")


def mark(label: str) -> str:
    """Return the SQL that marks the functions as PARALLEL `label`."""
    return "".join(f"ALTER FUNCTION {function} PARALLEL {label};" for function in FUNCTIONS)


class Migration(migrations.Migration):
    dependencies = [("transactions", "0012_replays_take_no_lock")]

    operations = [migrations.RunSQL(mark("SAFE"), mark("UNSAFE"))]
