"""Add the outbox: events partitioned by the day in their id, the head of each seller, and the functions that write.

Only adds tables and functions; no lock.
"""

from django.db import migrations, models
from django.db.models import Q

import apps.core.values.ids

TABLES = r"""
CREATE TABLE outbox_event (
    id uuid PRIMARY KEY,
    type varchar(64) NOT NULL,
    seller_id uuid NOT NULL,
    sequence bigint NOT NULL,
    "timestamp" timestamptz NOT NULL,
    data jsonb NOT NULL,
    CONSTRAINT event_type_form CHECK (type ~ '^[a-z_]+\.[a-z_]+$'),
    CONSTRAINT event_sequence_positive CHECK (sequence > 0),
    CONSTRAINT event_data_is_object CHECK (jsonb_typeof(data) = 'object')
) PARTITION BY RANGE (id);
CREATE INDEX event_by_seller ON outbox_event (seller_id, id);
-- Takes the events of a day without a partition: that day was not made in time, and money moves all the same.
CREATE TABLE outbox_event_default PARTITION OF outbox_event DEFAULT;
"""

RECORD = """
-- Runs as the owner: the application may write neither events nor heads by itself. The row of the head is the lock, held
-- to the commit; so ids, times and sequences of a seller are in the order of commits.
CREATE FUNCTION outbox_record(event_seller uuid, event_type text, event_data jsonb)
RETURNS public.outbox_event LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
    event public.outbox_event;
    microseconds bigint;
BEGIN
    INSERT INTO public.outbox_eventhead AS head (seller_id, sequence, last_event_at)
    VALUES (event_seller, 1, clock_timestamp())
    ON CONFLICT (seller_id) DO UPDATE SET sequence = head.sequence + 1,
        last_event_at = greatest(clock_timestamp(), head.last_event_at + interval '1 microsecond')
    RETURNING sequence, last_event_at INTO event.sequence, event."timestamp";
    microseconds := floor(extract(epoch FROM event."timestamp") * 1000000);
    -- A UUID of version 7 of that moment, as `apps.core.values.ids.uuid7_at` makes it; PostgreSQL has one since 18 only.
    event.id := lpad(to_hex(microseconds / 1000), 12, '0') || '7' || lpad(to_hex(microseconds % 1000 * 4096 / 1000), 3, '0')
                || substr(replace(gen_random_uuid()::text, '-', ''), 17);
    event.type := event_type;
    event.seller_id := event_seller;
    event.data := event_data;
    INSERT INTO public.outbox_event SELECT event.*;
    PERFORM pg_notify('sharj_events', event_seller || ' ' || event.sequence);
    RETURN event;
END $$;
"""

PARTITIONS = """
-- The least UUID of version 7 of a day (UTC).
CREATE FUNCTION outbox_day_start(day date) RETURNS uuid LANGUAGE sql IMMUTABLE SET search_path = pg_catalog
RETURN rpad(lpad(to_hex((extract(epoch FROM day) * 1000)::bigint), 12, '0'), 32, '0')::uuid;

-- Make the partitions of today, of the next seven days, and of every day that the default partition holds events of.
-- Runs as the owner; the clock decides, not the caller. A lock that is not had within half a second ends it: what an
-- event is written for waits no longer than that.
CREATE FUNCTION outbox_make_partitions() RETURNS integer LANGUAGE plpgsql
SECURITY DEFINER SET search_path = pg_catalog SET lock_timeout = '500ms' SET timezone = 'UTC' AS $$
DECLARE
    day date;
    leaf text;
    grantee text;
    made integer := 0;
BEGIN
    LOCK TABLE public.outbox_event_default IN ACCESS EXCLUSIVE MODE;
    FOR day IN
        SELECT generate_series(current_date, current_date + 7, interval '1 day')::date
        UNION SELECT DISTINCT to_timestamp(('x' || lpad(left(replace(id::text, '-', ''), 12), 16, '0'))::bit(64)::bigint / 1000.0)::date
        FROM public.outbox_event_default
    LOOP
        leaf := 'outbox_event_' || to_char(day, 'YYYYMMDD');
        CONTINUE WHEN to_regclass('public.' || leaf) IS NOT NULL;
        EXECUTE format('CREATE TABLE public.%I (LIKE public.outbox_event INCLUDING ALL)', leaf);
        -- The owner's new tables are the application's to change; this one is reached through its parent only.
        FOR grantee IN
            SELECT DISTINCT a.grantee::regrole::text FROM pg_class c, aclexplode(c.relacl) a
            WHERE c.oid = to_regclass('public.' || leaf) AND a.grantee <> c.relowner
        LOOP
            EXECUTE format('REVOKE ALL ON public.%I FROM %s', leaf, grantee);
        END LOOP;
        EXECUTE format(
            'WITH moved AS (DELETE FROM public.outbox_event_default WHERE id >= $1 AND id < $2 RETURNING *)'
            ' INSERT INTO public.%I SELECT * FROM moved', leaf
        ) USING public.outbox_day_start(day), public.outbox_day_start(day + 1);
        EXECUTE format(
            'ALTER TABLE public.outbox_event ATTACH PARTITION public.%I FOR VALUES FROM (%L) TO (%L)',
            leaf, public.outbox_day_start(day), public.outbox_day_start(day + 1)
        );
        made := made + 1;
    END LOOP;
    RETURN made;
END $$;

-- Drop the partitions of days that ended 30 days ago or earlier; as outbox_make_partitions.
CREATE FUNCTION outbox_drop_partitions() RETURNS integer LANGUAGE plpgsql
SECURITY DEFINER SET search_path = pg_catalog SET lock_timeout = '500ms' SET timezone = 'UTC' AS $$
DECLARE
    leaf text;
    dropped integer := 0;
BEGIN
    FOR leaf IN
        SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
        WHERE i.inhparent = 'public.outbox_event'::regclass
          AND c.relname < 'outbox_event_' || to_char(current_date - 30, 'YYYYMMDD')
    LOOP
        EXECUTE format('DROP TABLE public.%I', leaf);
        dropped := dropped + 1;
    END LOOP;
    RETURN dropped;
END $$;

SELECT outbox_make_partitions();
"""
DROP_FUNCTIONS = """
DROP FUNCTION outbox_record(uuid, text, jsonb);
DROP FUNCTION outbox_make_partitions();
DROP FUNCTION outbox_drop_partitions();
DROP FUNCTION outbox_day_start(date);
"""


class Migration(migrations.Migration):
    initial = True
    dependencies = []

    operations = [
        migrations.CreateModel(
            name="EventHead",
            fields=[
                ("seller_id", models.UUIDField(primary_key=True, serialize=False)),
                ("sequence", models.BigIntegerField()),
                ("last_event_at", models.DateTimeField()),
            ],
        ),
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunSQL(TABLES, "DROP TABLE outbox_event")],
            state_operations=[
                migrations.CreateModel(
                    name="Event",
                    fields=[
                        (
                            "id",
                            models.UUIDField(
                                default=apps.core.values.ids.uuid7, editable=False, primary_key=True, serialize=False
                            ),
                        ),
                        ("type", models.CharField(max_length=64, verbose_name="type")),
                        ("seller_id", models.UUIDField(verbose_name="seller")),
                        ("sequence", models.BigIntegerField(verbose_name="sequence")),
                        ("timestamp", models.DateTimeField(verbose_name="time")),
                        ("data", models.JSONField(verbose_name="data")),
                    ],
                    options={
                        "verbose_name": "event",
                        "verbose_name_plural": "events",
                        "ordering": ("-id",),
                        "indexes": [models.Index(fields=["seller_id", "id"], name="event_by_seller")],
                        "constraints": [
                            models.CheckConstraint(
                                condition=Q(type__regex=r"^[a-z_]+\.[a-z_]+$"), name="event_type_form"
                            ),
                            models.CheckConstraint(condition=Q(sequence__gt=0), name="event_sequence_positive"),
                        ],
                    },
                )
            ],
        ),
        migrations.RunSQL(RECORD + PARTITIONS, DROP_FUNCTIONS),
    ]
