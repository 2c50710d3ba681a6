"""Read with the wallet whether its seller's charges need an Idempotency-Key.

A function cannot get another column but by being dropped and created anew, in one transaction. No lock; a sale that
looks the function up at that instant is answered 503, nothing having happened.
"""

from django.db import migrations

_READ_WALLET = """
DROP FUNCTION read_wallet(uuid, uuid, text);
CREATE FUNCTION read_wallet(
    wallet_seller uuid, actor_session uuid, idempotency_key text,
    OUT balance numeric, OUT sequence bigint, OUT spent_on date, OUT spent_today numeric, OUT now timestamptz,
    OUT seller_status text, OUT daily_limit numeric, {declared}OUT actor_role text, OUT earlier_entry uuid
) LANGUAGE plpgsql STABLE AS $$
BEGIN
    SELECT w.balance, w.sequence, w.spent_on, w.spent_today,
           greatest(clock_timestamp(), w.last_entry_at + interval '1 microsecond'), s.status, s.daily_limit{read}
    INTO balance, sequence, spent_on, spent_today, now, seller_status, daily_limit{kept}
    FROM public.transactions_wallet w JOIN public.accounts_seller s ON s.id = w.seller_id
    WHERE w.seller_id = wallet_seller;

    IF actor_session IS NOT NULL THEN
        SELECT u.seller_role INTO actor_role
        FROM public.accounts_session x JOIN public.accounts_user u ON u.id = x.user_id
        WHERE x.id = actor_session AND x.revoked_at IS NULL AND u.is_active AND u.seller_id = wallet_seller;
    END IF;

    IF read_wallet.idempotency_key <> '' THEN
        SELECT e.id INTO earlier_entry FROM public.transactions_ledgerentry e
        WHERE e.seller_id = wallet_seller AND e.idempotency_key = read_wallet.idempotency_key
          AND e.idempotency_key <> '';
    END IF;
END $$
"""
WITH_COLUMN = _READ_WALLET.format(
    declared="OUT requires_key boolean, ", read=", s.require_idempotency_key", kept=", requires_key"
)
WITHOUT_COLUMN = _READ_WALLET.format(declared="", read="", kept="")


class Migration(migrations.Migration):
    dependencies = [("transactions", "0018_entries_are_dated_now"), ("accounts", "0008_require_idempotency_key")]

    operations = [migrations.RunSQL(WITH_COLUMN, WITHOUT_COLUMN)]
