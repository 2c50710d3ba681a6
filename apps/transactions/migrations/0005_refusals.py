"""Refusals of PostgreSQL to every role: changing the ledger, and a wallet that does not match it.

Locks: SHARE ROW EXCLUSIVE on ledger and wallets while the triggers are made; the column is proved NOT NULL by a scan
that blocks no writer (NOT VALID, then VALIDATE) before an ACCESS EXCLUSIVE lock of an instant marks it so.
Each step is a transaction of its own and can be repeated: a migration that `lock_timeout` ended is run again.
"""

from django.db import migrations, models

DROP_NOT_NULL = "ALTER TABLE transactions_ledgerentry DROP CONSTRAINT IF EXISTS entry_hash_present;"
NOT_NULL = """
ALTER TABLE transactions_ledgerentry ADD CONSTRAINT entry_hash_present CHECK (entry_hash IS NOT NULL) NOT VALID
"""

APPEND_ONLY = """
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% on % is refused: it is append-only', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'check_violation', CONSTRAINT = TG_NAME;
END $$;
CREATE TRIGGER ledger_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON transactions_ledgerentry
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER wallets_stay BEFORE TRUNCATE ON transactions_wallet
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
"""

MIRROR = """
CREATE FUNCTION ledger_check_reversal() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM public.transactions_ledgerentry original
    WHERE original.id = NEW.reverses_id AND original.seller_id = NEW.seller_id AND original.amount = NEW.amount
      AND original.debit_account = NEW.credit_account AND original.credit_account = NEW.debit_account
      AND original.type <> 'reversal';
    IF NOT FOUND THEN
        RAISE EXCEPTION 'entry % of seller % does not mirror what it reverses', NEW.sequence, NEW.seller_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'reversal_mirrors_entry';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER reversal_mirrors_entry AFTER INSERT ON transactions_ledgerentry
FOR EACH ROW WHEN (NEW.reverses_id IS NOT NULL) EXECUTE FUNCTION ledger_check_reversal();
"""

# At commit. The first is for a wallet that moved without the ledger, the second for a ledger that moved without it.
AGREE = """
CREATE FUNCTION wallet_check_ledger() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    checked uuid := CASE WHEN TG_OP = 'DELETE' THEN OLD.seller_id ELSE NEW.seller_id END;
    wallet_balance numeric;
    wallet_sequence bigint;
    newest_balance numeric;
    newest_sequence bigint;
BEGIN
    SELECT balance, sequence INTO wallet_balance, wallet_sequence
    FROM public.transactions_wallet WHERE seller_id = checked;
    SELECT balance_after, sequence INTO newest_balance, newest_sequence
    FROM public.transactions_ledgerentry WHERE seller_id = checked ORDER BY sequence DESC LIMIT 1;
    IF (coalesce(wallet_balance, 0), coalesce(wallet_sequence, 0))
       <> (coalesce(newest_balance, 0), coalesce(newest_sequence, 0)) THEN
        RAISE EXCEPTION 'the wallet of seller % does not match its newest entry', checked
            USING ERRCODE = 'check_violation', CONSTRAINT = 'wallet_matches_ledger';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER wallet_matches_ledger AFTER UPDATE ON transactions_wallet
DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
WHEN (NEW.balance <> OLD.balance OR NEW.sequence <> OLD.sequence OR NEW.seller_id <> OLD.seller_id)
EXECUTE FUNCTION wallet_check_ledger();
CREATE CONSTRAINT TRIGGER wallet_opens_and_closes_empty AFTER INSERT OR DELETE ON transactions_wallet
DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION wallet_check_ledger();

CREATE FUNCTION ledger_check_wallet() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM public.transactions_wallet WHERE seller_id = NEW.seller_id AND sequence >= NEW.sequence;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'entry % of seller % did not reach the wallet', NEW.sequence, NEW.seller_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'entry_reaches_wallet';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER entry_reaches_wallet AFTER INSERT ON transactions_ledgerentry
DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION ledger_check_wallet();
"""


def refusal(create: str, *triggers: str, functions: tuple[str, ...]) -> migrations.RunSQL:
    """Return the operation that makes triggers (`name ON table`) and their functions, however often it is run."""
    drop = [f"DROP TRIGGER IF EXISTS {trigger};" for trigger in triggers]
    drop += [f"DROP FUNCTION IF EXISTS {function}();" for function in functions]
    return migrations.RunSQL("".join(drop) + create, "".join(drop))


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("transactions", "0004_hash_existing_entries")]

    operations = [
        migrations.RunSQL(DROP_NOT_NULL + NOT_NULL, DROP_NOT_NULL),
        migrations.RunSQL(
            "ALTER TABLE transactions_ledgerentry VALIDATE CONSTRAINT entry_hash_present", migrations.RunSQL.noop
        ),
        migrations.AlterField("ledgerentry", "entry_hash", models.BinaryField(max_length=32, editable=False)),
        migrations.RunSQL(DROP_NOT_NULL, migrations.RunSQL.noop),
        refusal(
            APPEND_ONLY,
            "ledger_is_append_only ON transactions_ledgerentry",
            "wallets_stay ON transactions_wallet",
            functions=("refuse_change",),
        ),
        refusal(MIRROR, "reversal_mirrors_entry ON transactions_ledgerentry", functions=("ledger_check_reversal",)),
        refusal(
            AGREE,
            "wallet_matches_ledger ON transactions_wallet",
            "wallet_opens_and_closes_empty ON transactions_wallet",
            "entry_reaches_wallet ON transactions_ledgerentry",
            functions=("wallet_check_ledger", "ledger_check_wallet"),
        ),
    ]
