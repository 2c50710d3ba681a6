"""Name the operator that delivers a sale, on its entry and in its hash, and let `write_entries` write it.

Locks: ACCESS EXCLUSIVE on the ledger for an instant (a column with a constant default, a check that is not validated
yet); the check is then proved by a scan that blocks no writer. Entries without an operator keep their canonical form.
"""

from importlib import import_module

from django.contrib.postgres.operations import AddConstraintNotValid, ValidateConstraint
from django.db import migrations, models

_entry_hash = import_module("apps.transactions.migrations.0003_entry_hash")
_write_entries = import_module("apps.transactions.migrations.0021_write_entries")

# A column that is younger than the form stands before it, under its name, unless it is empty (docs/ledger.md). A form
# without one begins with a UUID, so no two entries can have the same form. A function that is replaced loses what it
# does not state again, such as PARALLEL (0013).
_FORM = (
    _entry_hash.CANONICAL[: _entry_hash.CANONICAL.index("-- sha256")]
    .replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION")
    .replace("LANGUAGE sql STABLE", "LANGUAGE sql STABLE PARALLEL SAFE")
)
CANONICAL = _FORM.replace(
    "RETURN concat_ws",
    "RETURN CASE WHEN entry.operator = '' THEN '' ELSE 'operator=' || entry.operator || '|' END || concat_ws",
)

# The application before this migration names no operator: an entry that it writes meanwhile has none.
_OLD_WRITE = _write_entries.WRITE_ENTRIES.replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION")
_COLUMNS = "description, created_by_id, created_at"
WRITE_ENTRIES = _OLD_WRITE.replace(f"{_COLUMNS})", f"{_COLUMNS}, operator)").replace(
    f"{_COLUMNS}\n", f"{_COLUMNS}, coalesce(operator, '')\n"
)


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("transactions", "0030_daily_total_by_seller")]

    operations = [
        migrations.AddField(
            model_name="ledgerentry",
            name="operator",
            field=models.CharField(blank=True, db_default="", default="", max_length=32, verbose_name="operator"),
        ),
        migrations.RunSQL(CANONICAL, _FORM),
        migrations.RunSQL(WRITE_ENTRIES, _OLD_WRITE),
        AddConstraintNotValid(
            model_name="ledgerentry",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("operator", ""),
                    models.Q(("operator__regex", "^[a-z0-9][a-z0-9_-]{0,31}$"), ("type", "charge_sale")),
                    _connector="OR",
                ),
                name="entry_operator_only_of_sale",
            ),
        ),
        ValidateConstraint(model_name="ledgerentry", name="entry_operator_only_of_sale"),
    ]
