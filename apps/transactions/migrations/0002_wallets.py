"""Open a wallet with every seller, and leave room on the pages of wallets for updates in place."""

from django.db import migrations

# Runs as the owner: the application role itself may not add wallets.
OPEN_WALLET = """
CREATE FUNCTION open_wallet() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
    INSERT INTO public.transactions_wallet (seller_id, balance, sequence, spent_today) VALUES (NEW.id, 0, 0, 0);
    RETURN NULL;
END $$;
CREATE TRIGGER seller_opens_wallet AFTER INSERT ON accounts_seller FOR EACH ROW EXECUTE FUNCTION open_wallet();
"""

CLOSE = "DROP TRIGGER seller_opens_wallet ON accounts_seller; DROP FUNCTION open_wallet();"


class Migration(migrations.Migration):
    dependencies = [("transactions", "0001_initial")]

    operations = [
        migrations.RunSQL(OPEN_WALLET, CLOSE),
        # An update that finds room on its page and changes no indexed column touches no index (HOT).
        migrations.RunSQL(
            "ALTER TABLE transactions_wallet SET (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.05)",
            "ALTER TABLE transactions_wallet RESET (fillfactor, autovacuum_vacuum_scale_factor)",
        ),
    ]
