"""Tell the lock statement which keys are spent: a charge that was already sold need not wait for the wallet.

Only adds a function; no lock.
"""

from django.db import migrations

KEY_IS_UNSPENT = """
CREATE FUNCTION key_is_unspent(wallet_seller uuid, idempotency_key text) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN idempotency_key = '' OR NOT EXISTS (
        SELECT FROM public.transactions_ledgerentry e
        WHERE e.seller_id = wallet_seller AND e.idempotency_key = key_is_unspent.idempotency_key
          AND e.idempotency_key <> ''
    );
END $$
"""


class Migration(migrations.Migration):
    dependencies = [("transactions", "0011_rare_types")]

    operations = [migrations.RunSQL(KEY_IS_UNSPENT, "DROP FUNCTION key_is_unspent(uuid, text)")]
