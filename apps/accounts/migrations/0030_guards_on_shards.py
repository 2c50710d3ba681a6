"""Guards of the audit trail that hold on shards, too (ADR 39); on one PostgreSQL they do what they did.

Citus leaves a table that it takes over without every trigger that names TRUNCATE, so UPDATE and DELETE have one of their
own. The row of a shard has a type of its own, which the hash does not take: it is assigned to one of the table's.

Locks: SHARE ROW EXCLUSIVE on the trail for an instant. In one transaction, so no moment is without a guard.
"""

from importlib import import_module

from django.db import migrations

_trail = import_module("apps.accounts.migrations.0003_audit_trail")
_chain: str = import_module("apps.accounts.migrations.0007_audit_chain").FUNCTIONS
_EXTEND = "CREATE OR REPLACE FUNCTION audit_extend_chain" + _chain.partition("CREATE FUNCTION audit_extend_chain")[2]
_EXTEND_ON_SHARD = _EXTEND.replace("microseconds bigint;", "microseconds bigint;\n    line public.accounts_auditevent;")
_EXTEND_ON_SHARD = _EXTEND_ON_SHARD.replace(
    "NEW.line_hash := public.audit_hash(previous_hash, NEW);",
    "line := NEW;\n    NEW.line_hash := public.audit_hash(previous_hash, line);",
)

_DROP = "DROP TRIGGER audit_trail_is_append_only ON accounts_auditevent;"
SPLIT = f"""
{_DROP}
CREATE TRIGGER audit_trail_is_append_only BEFORE UPDATE OR DELETE ON accounts_auditevent
FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse_change();
CREATE TRIGGER audit_trail_stays BEFORE TRUNCATE ON accounts_auditevent
FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse_change();
"""
JOIN = f"""
{_DROP}
DROP TRIGGER audit_trail_stays ON accounts_auditevent;
{_trail.APPEND_ONLY[_trail.APPEND_ONLY.index("CREATE TRIGGER") :]}
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0019_search")]

    operations = [
        migrations.RunSQL(SPLIT, JOIN),
        migrations.RunSQL(_EXTEND_ON_SHARD, _EXTEND),
    ]
