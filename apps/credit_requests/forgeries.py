"""Forgeries of credit that PostgreSQL must refuse on every node, for `manage.py distribute_ledger` to try."""

from apps.core.database.citus.guards import Forgery
from apps.transactions.forgeries import entry

_REQUEST = """
        INSERT INTO public.credit_requests_creditrequest
            (id, seller_id, amount, note, status, idempotency_key, requested_by_id, requested_at,
             rejection_reason)
        VALUES (gen_random_uuid(), probe, 5, '', 'pending', 'k', author, now(), '')"""
_OWN = "WHERE seller_id = probe"
_APPROVE = f"""
        UPDATE public.credit_requests_creditrequest
        SET status = 'approved', processed_by_id = author, processed_at = now(),
            entry_id = md5(probe::text)::uuid {_OWN}"""
_REJECT = f"""
        UPDATE public.credit_requests_creditrequest
        SET status = 'rejected', processed_by_id = author, processed_at = now(), rejection_reason = 'no' {_OWN}"""
# The entry names the request, and the request the entry: only the wallet has not moved.
_APPROVED_ENTRY = entry().replace(
    "gen_random_uuid(), NULL", f"(SELECT id FROM public.credit_requests_creditrequest {_OWN}), NULL"
)
_APPROVE_IT = _APPROVE.replace("md5(probe::text)::uuid", f"(SELECT id FROM public.transactions_ledgerentry {_OWN})")

FORGERIES = (
    Forgery("an approval without an entry", f"{_REQUEST};{_APPROVE}", "approved_request_has_entry"),
    Forgery(
        "an entry that does not reach its wallet",
        f"{_REQUEST};{_APPROVED_ENTRY};{_APPROVE_IT}",
        "entry_reaches_wallet",
    ),
    Forgery("a second request of one key", f"{_REQUEST};{_REQUEST}", "credit_request_key_unique"),
    Forgery(
        "another amount of a request",
        f"{_REQUEST}; UPDATE public.credit_requests_creditrequest SET amount = 6 {_OWN}",
        "credit_request_terms_are_fixed",
    ),
    Forgery(
        "another decision",
        f"{_REQUEST};{_REJECT}; UPDATE public.credit_requests_creditrequest SET rejection_reason = 'yes' {_OWN}",
        "credit_request_decision_is_final",
    ),
    Forgery(
        "a deleted decision",
        f"{_REQUEST};{_REJECT}; DELETE FROM public.credit_requests_creditrequest {_OWN}",
        "credit_request_decision_is_final",
    ),
)
