"""Chain the lines of each actor in the audit trail by hashes, and let the database number and date every line.

Locks: ACCESS EXCLUSIVE on the trail while every line is hashed once (300,000 in a minute on a busy machine). Steps and logins of staff wait
for it or are told to come back; sales and logins of sellers do not write there.
"""

from django.db import migrations, models

FUNCTIONS = """
-- The canonical form of a line (docs/ledger.md): a JSON array, so no two lines have the same.
CREATE FUNCTION audit_canonical_form(line public.accounts_auditevent) RETURNS text LANGUAGE sql STABLE
RETURN json_build_array(
    line.id, line.actor_id, line.sequence, to_char(line.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
    line.address::text, line.action, line.subject, line.subject_id, line.subject_name, line.detail, line.request_id
)::text;

-- sha256(the hash before it || the canonical form in UTF-8); the hash before the first line is 32 zero bytes.
CREATE FUNCTION audit_hash(previous_hash bytea, line public.accounts_auditevent) RETURNS bytea LANGUAGE sql STABLE
RETURN sha256(previous_hash || convert_to(public.audit_canonical_form(line), 'UTF8'));

-- Runs as the owner: the application may not write heads. The row of the head is the lock, held to the commit.
CREATE FUNCTION audit_extend_chain() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
    chain uuid := coalesce(NEW.actor_id, '00000000-0000-0000-0000-000000000000');
    previous_hash bytea;
    microseconds bigint;
BEGIN
    INSERT INTO public.accounts_audithead AS head (actor, sequence, line_hash)
    VALUES (chain, 1, decode(repeat('00', 32), 'hex'))
    ON CONFLICT (actor) DO UPDATE SET sequence = head.sequence + 1
    RETURNING sequence, line_hash INTO NEW.sequence, previous_hash;
    NEW.at := clock_timestamp();
    microseconds := floor(extract(epoch FROM NEW.at) * 1000000);
    -- A UUID of version 7 of that moment, as `apps.core.values.ids.uuid7_at` makes it; PostgreSQL has one since 18 only.
    NEW.id := lpad(to_hex(microseconds / 1000), 12, '0') || '7' || lpad(to_hex(microseconds % 1000 * 4096 / 1000), 3, '0')
              || substr(replace(gen_random_uuid()::text, '-', ''), 17);
    NEW.line_hash := public.audit_hash(previous_hash, NEW);
    UPDATE public.accounts_audithead SET line_hash = NEW.line_hash WHERE actor = chain;
    RETURN NEW;
END $$;
"""
DROP_FUNCTIONS = """
DROP FUNCTION audit_extend_chain();
DROP FUNCTION audit_hash(bytea, public.accounts_auditevent);
DROP FUNCTION audit_canonical_form(public.accounts_auditevent);
"""

FILL = """
ALTER TABLE accounts_auditevent DISABLE TRIGGER audit_trail_is_append_only;
DO $$
DECLARE
    line accounts_auditevent;
    head accounts_audithead;
    chain uuid;
BEGIN
    FOR line IN SELECT * FROM accounts_auditevent ORDER BY actor_id, id LOOP
        chain := coalesce(line.actor_id, '00000000-0000-0000-0000-000000000000');
        IF head.actor IS DISTINCT FROM chain THEN
            INSERT INTO accounts_audithead SELECT head.* WHERE head.actor IS NOT NULL;
            head := (chain, 0, decode(repeat('00', 32), 'hex'));
        END IF;
        line.sequence := head.sequence + 1;
        head := (chain, line.sequence, audit_hash(head.line_hash, line));
        UPDATE accounts_auditevent SET sequence = head.sequence, line_hash = head.line_hash WHERE id = line.id;
    END LOOP;
    INSERT INTO accounts_audithead SELECT head.* WHERE head.actor IS NOT NULL;
END $$;
ALTER TABLE accounts_auditevent ENABLE TRIGGER audit_trail_is_append_only;
"""

GUARDS = """
CREATE TRIGGER audit_line_extends_chain BEFORE INSERT ON accounts_auditevent
FOR EACH ROW EXECUTE FUNCTION audit_extend_chain();
CREATE TRIGGER audit_heads_stay BEFORE TRUNCATE ON accounts_audithead
FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse_change();
"""
DROP_GUARDS = """
DROP TRIGGER audit_line_extends_chain ON accounts_auditevent;
DROP TRIGGER audit_heads_stay ON accounts_audithead;
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0006_names_for_people")]

    operations = [
        migrations.CreateModel(
            name="AuditHead",
            fields=[
                ("actor", models.UUIDField(primary_key=True, serialize=False)),
                ("sequence", models.BigIntegerField()),
                ("line_hash", models.BinaryField(max_length=32)),
            ],
        ),
        migrations.AddField("auditevent", "sequence", models.BigIntegerField(null=True, editable=False)),
        migrations.AddField("auditevent", "line_hash", models.BinaryField(max_length=32, null=True, editable=False)),
        migrations.RunSQL(FUNCTIONS, DROP_FUNCTIONS),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
        migrations.AlterField("auditevent", "sequence", models.BigIntegerField(editable=False)),
        migrations.AlterField("auditevent", "line_hash", models.BinaryField(max_length=32, editable=False)),
        migrations.RunSQL(GUARDS, DROP_GUARDS),
    ]
