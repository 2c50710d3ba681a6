"""Refusals of PostgreSQL to every role: changing a decided request, and an approval that is not in the ledger.

Locks: SHARE ROW EXCLUSIVE on credit requests and ledger while the triggers are made, an instant.
"""

from django.db import migrations

FINAL = """
CREATE FUNCTION credit_request_check_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.status IN ('approved', 'rejected', 'cancelled') THEN
        RAISE EXCEPTION 'credit request % is decided: % is refused', OLD.id, TG_OP
            USING ERRCODE = 'check_violation', CONSTRAINT = 'credit_request_decision_is_final';
    END IF;
    IF TG_OP = 'DELETE' THEN
        RETURN OLD;
    END IF;
    IF (NEW.id, NEW.seller_id, NEW.amount, NEW.requested_by_id, NEW.requested_at, NEW.idempotency_key)
       IS DISTINCT FROM
       (OLD.id, OLD.seller_id, OLD.amount, OLD.requested_by_id, OLD.requested_at, OLD.idempotency_key) THEN
        RAISE EXCEPTION 'what credit request % asks for cannot change', OLD.id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'credit_request_terms_are_fixed';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER credit_request_decision_is_final BEFORE UPDATE OR DELETE ON credit_requests_creditrequest
FOR EACH ROW EXECUTE FUNCTION credit_request_check_change();
CREATE TRIGGER credit_requests_stay BEFORE TRUNCATE ON credit_requests_creditrequest
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
"""

# Both ways at commit: an approved request has its entry, and the entry of a request belongs to an approved one.
ENTERED = """
CREATE FUNCTION credit_request_check_entry() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM public.transactions_ledgerentry entry
    WHERE entry.id = NEW.entry_id AND entry.credit_request_id = NEW.id
      AND entry.seller_id = NEW.seller_id AND entry.amount = NEW.amount;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'credit request % is approved, but its entry is not in the ledger', NEW.id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'approved_request_has_entry';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER approved_request_has_entry AFTER INSERT OR UPDATE ON credit_requests_creditrequest
DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.status = 'approved')
EXECUTE FUNCTION credit_request_check_entry();

CREATE FUNCTION entry_check_credit_request() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM public.credit_requests_creditrequest request
    WHERE request.id = NEW.credit_request_id AND request.status = 'approved' AND request.entry_id = NEW.id;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'entry % of seller % has no approved credit request', NEW.sequence, NEW.seller_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'entry_has_approved_request';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER entry_has_approved_request AFTER INSERT ON transactions_ledgerentry
DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.credit_request_id IS NOT NULL)
EXECUTE FUNCTION entry_check_credit_request();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("credit_requests", "0002_entry_names_its_request"),
        ("transactions", "0005_refusals"),
    ]

    operations = [
        migrations.RunSQL(
            FINAL,
            """
            DROP TRIGGER credit_request_decision_is_final ON credit_requests_creditrequest;
            DROP TRIGGER credit_requests_stay ON credit_requests_creditrequest;
            DROP FUNCTION credit_request_check_change();
            """,
        ),
        migrations.RunSQL(
            ENTERED,
            """
            DROP TRIGGER approved_request_has_entry ON credit_requests_creditrequest;
            DROP FUNCTION credit_request_check_entry();
            DROP TRIGGER entry_has_approved_request ON transactions_ledgerentry;
            DROP FUNCTION entry_check_credit_request();
            """,
        ),
    ]
