"""Give the audit trail one guard against UPDATE and DELETE and another against TRUNCATE (ADR 39).

Citus takes from a table that it takes over every trigger that names TRUNCATE, without a word.

Locks: SHARE ROW EXCLUSIVE on the trail for an instant. In one transaction, so no moment is without a guard.
"""

from importlib import import_module

from django.db import migrations

_trail = import_module("apps.accounts.migrations.0003_audit_trail")

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
    dependencies = [("accounts", "0025_resolve")]

    operations = [migrations.RunSQL(SPLIT, JOIN)]
