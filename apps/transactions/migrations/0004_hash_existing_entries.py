"""Give the entries that were there before their hashes, wallet by wallet.

Locks: the row of one wallet at a time, so that its seller waits while its own entries are hashed and no other does.
Rewrites every entry once; the space of the old versions is reused after the next vacuum. Can be stopped and run again.
"""

import sys

from django.apps.registry import Apps
from django.db import migrations, transaction
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

CREATE = """
CREATE OR REPLACE FUNCTION ledger_hash_wallet(wallet_id uuid) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    entry transactions_ledgerentry;
    head bytea := decode(repeat('00', 32), 'hex');
BEGIN
    PERFORM FROM transactions_wallet WHERE seller_id = wallet_id FOR NO KEY UPDATE;
    FOR entry IN SELECT * FROM transactions_ledgerentry WHERE seller_id = wallet_id ORDER BY sequence LOOP
        head := ledger_hash(head, entry);
        UPDATE transactions_ledgerentry SET entry_hash = head WHERE id = entry.id;
    END LOOP;
END $$
"""


def hash_existing_entries(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    connection = schema_editor.connection
    with connection.cursor() as cursor:
        cursor.execute("SELECT DISTINCT seller_id FROM transactions_ledgerentry WHERE entry_hash IS NULL")
        sellers = [seller_id for (seller_id,) in cursor.fetchall()]
        for done, seller_id in enumerate(sellers, 1):
            with transaction.atomic(using=connection.alias):
                cursor.execute("SELECT ledger_hash_wallet(%s)", [seller_id])
            if done % 100 == 0 or done == len(sellers):
                sys.stdout.write(f"\n  hashed the entries of {done:,} of {len(sellers):,} sellers")


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("transactions", "0003_entry_hash")]

    operations = [
        migrations.RunSQL(CREATE, "DROP FUNCTION IF EXISTS ledger_hash_wallet(uuid)"),
        migrations.RunPython(hash_existing_entries, migrations.RunPython.noop),
        migrations.RunSQL("DROP FUNCTION IF EXISTS ledger_hash_wallet(uuid)", migrations.RunSQL.noop),
    ]
