"""Keep with the wallet whether its seller was told that the balance is low, and read that with the seller's alert.

A function cannot get another column but by being dropped and created anew, in one transaction. Locks: ACCESS EXCLUSIVE
on the wallets for an instant (a constant default, no rewrite); a sale that looks the function up at that instant is
answered 503, nothing having happened.
"""

from importlib import import_module

from django.db import migrations, models

_before = import_module("apps.transactions.migrations.0019_read_whether_a_key_is_required")

WITH_ALERT = _before._READ_WALLET.format(
    declared="OUT low_balance_alert numeric, OUT is_low boolean, OUT requires_key boolean, ",
    read=", s.low_balance_alert, w.is_low, s.require_idempotency_key",
    kept=", low_balance_alert, is_low, requires_key",
)


class Migration(migrations.Migration):
    dependencies = [
        ("transactions", "0019_read_whether_a_key_is_required"),
        ("accounts", "0015_low_balance_alert"),
    ]

    operations = [
        migrations.AddField(
            model_name="wallet", name="is_low", field=models.BooleanField(default=False, db_default=False)
        ),
        migrations.RunSQL(WITH_ALERT, _before.WITH_COLUMN),
    ]
