"""Guards and functions of the ledger that hold on shards, too (ADR 39); on one PostgreSQL they do what they did.

Citus leaves a table that it takes over without every trigger that names TRUNCATE, so UPDATE and DELETE have one of their
own. The row of a shard has a type of its own, which the hash does not take: it is assigned to one of the table's.
Every node has the row of a seller, and one of them has the shard of its wallet: that one opens it.

Locks: SHARE ROW EXCLUSIVE on the ledger for an instant. In one transaction, so no moment is without a guard.
"""

from importlib import import_module

from django.db import migrations

_refusals: str = import_module("apps.transactions.migrations.0005_refusals").APPEND_ONLY
_extend: str = import_module("apps.transactions.migrations.0018_entries_are_dated_now").EXTEND
_open_wallet: str = import_module("apps.transactions.migrations.0002_wallets").OPEN_WALLET

_DROP = "DROP TRIGGER ledger_is_append_only ON transactions_ledgerentry;"
SPLIT = f"""
{_DROP}
CREATE TRIGGER ledger_is_append_only BEFORE UPDATE OR DELETE ON transactions_ledgerentry
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER ledger_stays BEFORE TRUNCATE ON transactions_ledgerentry
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
"""
_TOGETHER = _refusals[_refusals.index("CREATE TRIGGER ledger_is_append_only") :]
JOIN = f"""
{_DROP}
DROP TRIGGER ledger_stays ON transactions_ledgerentry;
{_TOGETHER[: _TOGETHER.index("CREATE TRIGGER wallets_stay")]}
"""

EXTEND_ON_SHARD = _extend.replace("head bytea;", "head bytea;\n    entry public.transactions_ledgerentry;").replace(
    "NEW.entry_hash := public.ledger_hash(head, NEW);",
    "entry := NEW;\n    NEW.entry_hash := public.ledger_hash(head, entry);",
)

_OPEN = _open_wallet[: _open_wallet.index("CREATE TRIGGER")].replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION")
# The catalogue of Citus is named in statements that only run where it is there.
OPEN_ON_ITS_NODE = _OPEN.replace(
    "BEGIN\n",
    """BEGIN
    IF to_regclass('pg_catalog.pg_dist_partition') IS NOT NULL THEN
        IF EXISTS (SELECT FROM pg_dist_partition WHERE logicalrelid = 'public.transactions_wallet'::regclass)
           AND NOT EXISTS (
               SELECT FROM pg_dist_placement placement JOIN pg_dist_local_group here USING (groupid)
               WHERE placement.shardid = get_shard_id_for_distribution_column('public.transactions_wallet', NEW.id)
           ) THEN
            RETURN NULL;
        END IF;
    END IF;
""",
)

# A call that Citus sends to the seller's node may read rows of that seller and tables of every node, not join the two.
# All statements of a STABLE function see what the statement that calls it sees.
_read: str = import_module("apps.transactions.migrations.0020_low_balance").WITH_ALERT
_JOINED = _read[_read.index("CREATE FUNCTION") :].replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION")
_READS = _JOINED[_JOINED.index("    SELECT w.balance") : _JOINED.index("    IF read_wallet.idempotency_key")]
READ_ON_ITS_NODE = _JOINED.replace(
    _READS,
    """    SELECT w.balance, w.sequence, w.spent_on, w.spent_today, w.is_low,
           greatest(clock_timestamp(), w.last_entry_at + interval '1 microsecond')
    INTO balance, sequence, spent_on, spent_today, is_low, now
    FROM public.transactions_wallet w WHERE w.seller_id = wallet_seller;

    SELECT s.status, s.daily_limit, s.low_balance_alert, s.require_idempotency_key, u.seller_role
    INTO seller_status, daily_limit, low_balance_alert, requires_key, actor_role
    FROM public.accounts_seller s
    LEFT JOIN public.accounts_session x ON x.id = actor_session AND x.revoked_at IS NULL
    LEFT JOIN public.accounts_user u ON u.id = x.user_id AND u.is_active AND u.seller_id = s.id
    WHERE s.id = wallet_seller;

""",
)


class Migration(migrations.Migration):
    dependencies = [("transactions", "0041_face_value")]

    operations = [
        migrations.RunSQL(SPLIT, JOIN),
        migrations.RunSQL(EXTEND_ON_SHARD, _extend),
        migrations.RunSQL(OPEN_ON_ITS_NODE, _OPEN),
        migrations.RunSQL(READ_ON_ITS_NODE, _JOINED),
    ]
