"""Number events in a form that Citus takes: ON CONFLICT calls no function that depends on the clock or the zone (ADR 39).

The head is locked by the first statement, as before, and dated by a second.
Locks: none that reads or writes wait for.
"""

from importlib import import_module

from django.db import migrations

_RECORD: str = import_module("apps.outbox.migrations.0001_initial").RECORD.replace(
    "CREATE FUNCTION", "CREATE OR REPLACE FUNCTION"
)
_ON_CITUS = _RECORD.replace(
    """    VALUES (event_seller, 1, clock_timestamp())
    ON CONFLICT (seller_id) DO UPDATE SET sequence = head.sequence + 1,
        last_event_at = greatest(clock_timestamp(), head.last_event_at + interval '1 microsecond')
    RETURNING sequence, last_event_at INTO event.sequence, event."timestamp";
""",
    """    VALUES (event_seller, 1, '-infinity')
    ON CONFLICT (seller_id) DO UPDATE SET sequence = head.sequence + 1
    RETURNING sequence, last_event_at INTO event.sequence, event."timestamp";
    event."timestamp" := greatest(clock_timestamp(), event."timestamp" + interval '1 microsecond');
    UPDATE public.outbox_eventhead SET last_event_at = event."timestamp" WHERE seller_id = event_seller;
""",
)


class Migration(migrations.Migration):
    dependencies = [("outbox", "0001_initial")]

    operations = [migrations.RunSQL(_ON_CITUS, _RECORD)]
