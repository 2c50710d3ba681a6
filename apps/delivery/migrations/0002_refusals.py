"""Make the delivery with its sale, and refuse to every role what would contradict it.

Locks: SHARE ROW EXCLUSIVE on the ledger while two triggers are made, an instant.
"""

from django.db import migrations

# Runs as the owner: the application role itself may not add deliveries. No sale can name an operator and have none.
BEGIN = """
CREATE FUNCTION delivery_begin() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
    INSERT INTO public.delivery_delivery (entry_id, seller_id, operator_id, status, operator_reference, message, attempts,
        created_at, updated_at, next_step_at)
    VALUES (NEW.id, NEW.seller_id, NEW.operator, 'pending', '', '', 0, NEW.created_at, NEW.created_at, NEW.created_at);
    RETURN NULL;
END $$;
CREATE TRIGGER sale_begins_delivery AFTER INSERT ON transactions_ledgerentry
FOR EACH ROW WHEN (NEW.operator <> '') EXECUTE FUNCTION delivery_begin();

CREATE FUNCTION delivery_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% of a delivery is refused: its sale makes it, and it stays', TG_OP
        USING ERRCODE = 'check_violation', CONSTRAINT = TG_NAME;
END $$;
CREATE TRIGGER delivery_begins_with_sale BEFORE INSERT ON delivery_delivery
FOR EACH ROW WHEN (pg_trigger_depth() = 0) EXECUTE FUNCTION delivery_refuse();
CREATE TRIGGER deliveries_stay BEFORE DELETE OR TRUNCATE ON delivery_delivery
FOR EACH STATEMENT EXECUTE FUNCTION delivery_refuse();
CREATE TRIGGER attempts_are_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON delivery_attempt
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
"""
NOT_BEGIN = """
DROP TRIGGER sale_begins_delivery ON transactions_ledgerentry;
DROP TRIGGER delivery_begins_with_sale ON delivery_delivery;
DROP TRIGGER deliveries_stay ON delivery_delivery;
DROP TRIGGER attempts_are_append_only ON delivery_attempt;
DROP FUNCTION delivery_begin();
DROP FUNCTION delivery_refuse();
"""

# What is pending has not left this machine, so it can neither be settled nor be unknown; what is settled stays so.
STEPS = """
CREATE FUNCTION delivery_check_step() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.entry_id, NEW.seller_id, NEW.operator_id, NEW.created_at)
       IS DISTINCT FROM (OLD.entry_id, OLD.seller_id, OLD.operator_id, OLD.created_at) OR NEW.attempts < OLD.attempts THEN
        RAISE EXCEPTION 'what delivery % delivers, and how often it was tried, cannot change', OLD.entry_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'delivery_terms_are_fixed';
    END IF;
    IF OLD.status IN ('delivered', 'failed') THEN
        RAISE EXCEPTION 'delivery % is %, which is final', OLD.entry_id, OLD.status
            USING ERRCODE = 'check_violation', CONSTRAINT = 'delivery_end_is_final';
    END IF;
    IF NEW.status <> OLD.status AND NOT (
        OLD.status = 'pending' AND NEW.status = 'submitted'
        OR OLD.status = 'submitted' AND NEW.status IN ('delivered', 'failed', 'unknown')
        OR OLD.status = 'unknown' AND NEW.status IN ('delivered', 'failed', 'submitted')
    ) THEN
        RAISE EXCEPTION 'delivery % cannot go from % to %', OLD.entry_id, OLD.status, NEW.status
            USING ERRCODE = 'check_violation', CONSTRAINT = 'delivery_takes_known_steps';
    END IF;
    IF NEW.resolved_by_id IS NOT NULL AND OLD.status <> 'unknown' THEN
        RAISE EXCEPTION 'delivery % is %: a person settles only what is unknown', OLD.entry_id, OLD.status
            USING ERRCODE = 'check_violation', CONSTRAINT = 'delivery_person_settles_unknown';
    END IF;
    NEW.updated_at := CASE
        WHEN (NEW.status, NEW.operator_reference, NEW.message, NEW.attempts)
             IS DISTINCT FROM (OLD.status, OLD.operator_reference, OLD.message, OLD.attempts) THEN clock_timestamp()
        ELSE OLD.updated_at END;
    RETURN NEW;
END $$;
CREATE TRIGGER delivery_takes_known_steps BEFORE UPDATE ON delivery_delivery
FOR EACH ROW EXECUTE FUNCTION delivery_check_step();
"""
NOT_STEPS = "DROP TRIGGER delivery_takes_known_steps ON delivery_delivery; DROP FUNCTION delivery_check_step();"

# At commit, both ways: a failed delivery is given back, and no sale is given back while its outcome is open.
GIVEN_BACK = """
CREATE FUNCTION delivery_check_given_back() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM public.transactions_ledgerentry WHERE seller_id = NEW.seller_id AND reverses_id = NEW.entry_id;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'delivery % failed, but its sale is not reversed', NEW.entry_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'failed_delivery_is_given_back';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER failed_delivery_is_given_back AFTER UPDATE ON delivery_delivery
DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.status = 'failed') EXECUTE FUNCTION delivery_check_given_back();

CREATE FUNCTION reversal_check_delivery() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    status_now text;
BEGIN
    SELECT status INTO status_now FROM public.delivery_delivery
    WHERE entry_id = NEW.reverses_id AND status NOT IN ('delivered', 'failed');
    IF FOUND THEN
        RAISE EXCEPTION 'entry % of seller % gives back a sale whose delivery is %', NEW.sequence, NEW.seller_id, status_now
            USING ERRCODE = 'check_violation', CONSTRAINT = 'reversal_waits_for_delivery';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER reversal_waits_for_delivery AFTER INSERT ON transactions_ledgerentry
DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.reverses_id IS NOT NULL)
EXECUTE FUNCTION reversal_check_delivery();
"""
NOT_GIVEN_BACK = """
DROP TRIGGER failed_delivery_is_given_back ON delivery_delivery;
DROP FUNCTION delivery_check_given_back();
DROP TRIGGER reversal_waits_for_delivery ON transactions_ledgerentry;
DROP FUNCTION reversal_check_delivery();
"""


class Migration(migrations.Migration):
    dependencies = [("delivery", "0001_initial"), ("transactions", "0040_operator")]

    operations = [
        migrations.RunSQL(BEGIN, NOT_BEGIN),
        migrations.RunSQL(STEPS, NOT_STEPS),
        migrations.RunSQL(GIVEN_BACK, NOT_GIVEN_BACK),
    ]
