"""Chain the entries of each wallet: every new entry must extend its chain, and carries the chain's hash.

Locks: ACCESS EXCLUSIVE on the ledger for an instant (a nullable column, a trigger). Existing entries get their hashes
in the next migration; a wallet that has entries without one leaves new ones without one until then.
"""

from django.db import migrations, models

CANONICAL = """
-- The canonical form of an entry (docs/ledger.md). The two free texts come last, the first of them after its length,
-- so that no two entries can have the same form.
CREATE FUNCTION ledger_canonical_form(entry public.transactions_ledgerentry) RETURNS text LANGUAGE sql STABLE
RETURN concat_ws('|',
    entry.id, entry.seller_id, entry.sequence, entry.type,
    entry.amount, entry.balance_before, entry.balance_after, entry.debit_account, entry.credit_account,
    entry.phone_number, coalesce(entry.credit_request_id::text, ''), coalesce(entry.reverses_id::text, ''),
    entry.created_by_id, to_char(entry.created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
    octet_length(entry.idempotency_key), entry.idempotency_key, entry.description);

-- sha256(the hash before it || the canonical form in UTF-8); the hash before the first entry is 32 zero bytes.
CREATE FUNCTION ledger_hash(previous_hash bytea, entry public.transactions_ledgerentry) RETURNS bytea
LANGUAGE sql STABLE
RETURN sha256(previous_hash || convert_to(public.ledger_canonical_form(entry), 'UTF8'));
"""

# Tables are named with their schema: a temporary table of the same name cannot stand in for one.
EXTEND = """
CREATE FUNCTION ledger_extend_chain() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    last_sequence bigint;
    last_balance numeric;
    last_moment timestamptz;
    head bytea;
BEGIN
    SELECT sequence, balance_after, created_at, entry_hash INTO last_sequence, last_balance, last_moment, head
    FROM public.transactions_ledgerentry WHERE seller_id = NEW.seller_id ORDER BY sequence DESC LIMIT 1;
    IF NOT FOUND THEN
        last_sequence := 0;
        last_balance := 0;
        last_moment := '-infinity';
        head := decode(repeat('00', 32), 'hex');
    END IF;
    IF NEW.sequence <> last_sequence + 1 OR NEW.balance_before <> last_balance OR NEW.created_at <= last_moment THEN
        RAISE EXCEPTION 'entry % of seller % does not follow entry %', NEW.sequence, NEW.seller_id, last_sequence
            USING ERRCODE = 'check_violation', CONSTRAINT = 'entry_extends_chain';
    END IF;
    NEW.entry_hash := public.ledger_hash(head, NEW);
    RETURN NEW;
END $$;
CREATE TRIGGER entry_extends_chain BEFORE INSERT ON transactions_ledgerentry
FOR EACH ROW EXECUTE FUNCTION ledger_extend_chain();
"""

DROP_EXTEND = "DROP TRIGGER entry_extends_chain ON transactions_ledgerentry; DROP FUNCTION ledger_extend_chain();"
DROP_CANONICAL = """
DROP FUNCTION ledger_hash(bytea, transactions_ledgerentry);
DROP FUNCTION ledger_canonical_form(transactions_ledgerentry);
"""


class Migration(migrations.Migration):
    dependencies = [("transactions", "0002_wallets")]

    operations = [
        migrations.AddField("ledgerentry", "entry_hash", models.BinaryField(max_length=32, null=True, editable=False)),
        migrations.RunSQL(CANONICAL, DROP_CANONICAL),
        migrations.RunSQL(EXTEND, DROP_EXTEND),
    ]
