"""Write entries and their wallet by a function, whose plans each connection of PostgreSQL keeps, also behind PgBouncer.

Only adds a function; no lock. It runs with the rights of its caller.
"""

from django.db import migrations

WRITE_ENTRIES = """
CREATE FUNCTION write_entries(
    wallet_seller uuid, new_balance numeric, new_sequence bigint, new_spent_on date, new_spent_today numeric,
    newest_entry_at timestamptz, now_low boolean, entries json
) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    UPDATE public.transactions_wallet
    SET balance = new_balance, sequence = new_sequence, spent_on = new_spent_on, spent_today = new_spent_today,
        last_entry_at = newest_entry_at, is_low = now_low
    WHERE seller_id = wallet_seller;
    INSERT INTO public.transactions_ledgerentry (
        id, seller_id, sequence, type, amount, balance_before, balance_after, debit_account, credit_account,
        phone_number, idempotency_key, credit_request_id, reverses_id, description, created_by_id, created_at)
    SELECT
        id, seller_id, sequence, type, amount, balance_before, balance_after, debit_account, credit_account,
        phone_number, idempotency_key, credit_request_id, reverses_id, description, created_by_id, created_at
    FROM json_populate_recordset(NULL::public.transactions_ledgerentry, entries);
END $$
"""


class Migration(migrations.Migration):
    dependencies = [("transactions", "0020_low_balance")]

    operations = [
        migrations.RunSQL(
            WRITE_ENTRIES,
            "DROP FUNCTION write_entries(uuid, numeric, bigint, date, numeric, timestamptz, boolean, json)",
        )
    ]
