"""Keep the face value of a sale whose price is another, on its entry and in its hash, and let `write_entries` write it.

Locks: ACCESS EXCLUSIVE on the ledger for an instant (a nullable column, a check that is not validated yet); the check is
then proved by a scan that blocks no writer. Entries without a face value keep their canonical form.
"""

from decimal import Decimal
from importlib import import_module

from django.contrib.postgres.operations import AddConstraintNotValid, ValidateConstraint
from django.db import migrations, models

_operator = import_module("apps.transactions.migrations.0040_operator")

CANONICAL = _operator.CANONICAL.replace(
    "|| concat_ws",
    "|| CASE WHEN entry.face_value IS NULL THEN '' ELSE 'face_value=' || entry.face_value || '|' END || concat_ws",
)
WRITE_ENTRIES = _operator.WRITE_ENTRIES.replace("operator)\n", "operator, face_value)\n").replace(
    "coalesce(operator, '')", "coalesce(operator, ''), face_value"
)


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("transactions", "0040_operator")]

    operations = [
        migrations.AddField(
            model_name="ledgerentry",
            name="face_value",
            field=models.DecimalField(
                blank=True, decimal_places=2, max_digits=20, null=True, verbose_name="face value"
            ),
        ),
        migrations.RunSQL(CANONICAL, _operator.CANONICAL),
        migrations.RunSQL(WRITE_ENTRIES, _operator.WRITE_ENTRIES),
        AddConstraintNotValid(
            model_name="ledgerentry",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("face_value__isnull", True),
                    models.Q(
                        ("face_value__gt", 0),
                        ("face_value__lte", Decimal("999999999999999999.99")),
                        models.Q(("face_value", models.F("amount")), _negated=True),
                        models.Q(("operator", ""), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="entry_face_value_only_of_delivery",
            ),
        ),
        ValidateConstraint(model_name="ledgerentry", name="entry_face_value_only_of_delivery"),
    ]
