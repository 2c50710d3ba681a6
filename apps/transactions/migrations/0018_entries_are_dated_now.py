"""Refuse entries that are not dated now, whose id is of another time, and wallets that are dated unlike their newest entry.

Locks: SHARE ROW EXCLUSIVE on wallets while a trigger is made anew, an instant. Existing rows are not read.
"""

from importlib import import_module

from django.db import migrations

_entry_hash = import_module("apps.transactions.migrations.0003_entry_hash")
_refusals = import_module("apps.transactions.migrations.0005_refusals")

# Open to the owner of the ledger alone, in a transaction that asks for it: `manage.py load_history`.
LOADS_HISTORY = """
CREATE FUNCTION ledger_loads_history() RETURNS boolean LANGUAGE sql STABLE
RETURN coalesce(current_setting('sharj.loads_history', true), '') = 'on' AND pg_has_role(
    current_user,
    (SELECT relowner FROM pg_class WHERE oid = 'public.transactions_ledgerentry'::regclass),
    'USAGE');
"""

# The application reads the clock under the lock (`read_wallet`) and inserts afterwards. PostgreSQL itself ends a
# transaction that pauses for 10 s in between and a statement that takes 5 s, so an honest entry is at most 15 s old.
# The 5 s ahead are for a promoted standby whose clock is behind; a bulk is less than a millisecond ahead.
EXTEND = """
CREATE OR REPLACE FUNCTION ledger_extend_chain() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    last_id uuid;
    last_sequence bigint;
    last_balance numeric;
    last_moment timestamptz;
    head bytea;
    now timestamptz := clock_timestamp();
    milliseconds bigint;
BEGIN
    SELECT id, sequence, balance_after, created_at, entry_hash
    INTO last_id, last_sequence, last_balance, last_moment, head
    FROM public.transactions_ledgerentry WHERE seller_id = NEW.seller_id ORDER BY sequence DESC LIMIT 1;
    IF NOT FOUND THEN
        last_id := '00000000-0000-0000-0000-000000000000';
        last_sequence := 0;
        last_balance := 0;
        last_moment := '-infinity';
        head := decode(repeat('00', 32), 'hex');
    END IF;
    IF NEW.sequence <> last_sequence + 1 OR NEW.balance_before <> last_balance
       OR NEW.created_at <= last_moment OR NEW.id <= last_id THEN
        RAISE EXCEPTION 'entry % of seller % does not follow entry %', NEW.sequence, NEW.seller_id, last_sequence
            USING ERRCODE = 'check_violation', CONSTRAINT = 'entry_extends_chain';
    END IF;
    IF NEW.created_at > now + interval '5 seconds'
       OR NEW.created_at < now - interval '15 seconds' AND NOT public.ledger_loads_history() THEN
        RAISE EXCEPTION 'entry % of seller % is dated %, not now', NEW.sequence, NEW.seller_id, NEW.created_at
            USING ERRCODE = 'check_violation', CONSTRAINT = 'entry_is_dated_now';
    END IF;
    milliseconds := (date_part('epoch', NEW.created_at) * 1000000)::bigint / 1000;
    IF left(NEW.id::text, 15) <> overlay(lpad(to_hex(milliseconds), 12, '0') PLACING '-' FROM 9 FOR 0) || '-7'
       OR strpos('89ab', substr(NEW.id::text, 20, 1)) = 0 THEN
        RAISE EXCEPTION 'the id of entry % of seller % is not of its time', NEW.sequence, NEW.seller_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'entry_id_is_of_its_time';
    END IF;
    NEW.entry_hash := public.ledger_hash(head, NEW);
    RETURN NEW;
END $$;
"""

# A wallet dated in the future would date every later sale there, where the rule above refuses it.
AGREE = """
CREATE OR REPLACE FUNCTION wallet_check_ledger() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    checked uuid := CASE WHEN TG_OP = 'DELETE' THEN OLD.seller_id ELSE NEW.seller_id END;
    wallet_balance numeric;
    wallet_sequence bigint;
    wallet_moment timestamptz;
    newest_balance numeric;
    newest_sequence bigint;
    newest_moment timestamptz;
BEGIN
    SELECT balance, sequence, last_entry_at INTO wallet_balance, wallet_sequence, wallet_moment
    FROM public.transactions_wallet WHERE seller_id = checked;
    SELECT balance_after, sequence, created_at INTO newest_balance, newest_sequence, newest_moment
    FROM public.transactions_ledgerentry WHERE seller_id = checked ORDER BY sequence DESC LIMIT 1;
    IF (coalesce(wallet_balance, 0), coalesce(wallet_sequence, 0), wallet_moment)
       IS DISTINCT FROM (coalesce(newest_balance, 0), coalesce(newest_sequence, 0), newest_moment) THEN
        RAISE EXCEPTION 'the wallet of seller % does not match its newest entry', checked
            USING ERRCODE = 'check_violation', CONSTRAINT = 'wallet_matches_ledger';
    END IF;
    RETURN NULL;
END $$;
DROP TRIGGER wallet_matches_ledger ON transactions_wallet;
CREATE CONSTRAINT TRIGGER wallet_matches_ledger AFTER UPDATE ON transactions_wallet
DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
WHEN (NEW.balance <> OLD.balance OR NEW.sequence <> OLD.sequence OR NEW.seller_id <> OLD.seller_id
      OR NEW.last_entry_at IS DISTINCT FROM OLD.last_entry_at)
EXECUTE FUNCTION wallet_check_ledger();
"""
AGREE_AS_BEFORE = """
DROP TRIGGER wallet_matches_ledger ON transactions_wallet;
DROP TRIGGER wallet_opens_and_closes_empty ON transactions_wallet;
DROP TRIGGER entry_reaches_wallet ON transactions_ledgerentry;
DROP FUNCTION wallet_check_ledger();
DROP FUNCTION ledger_check_wallet();
"""


class Migration(migrations.Migration):
    dependencies = [("transactions", "0017_unchecked_is_null")]

    operations = [
        migrations.RunSQL(LOADS_HISTORY, "DROP FUNCTION ledger_loads_history()"),
        migrations.RunSQL(EXTEND, _entry_hash.DROP_EXTEND + _entry_hash.EXTEND),
        migrations.RunSQL(AGREE, AGREE_AS_BEFORE + _refusals.AGREE),
    ]
