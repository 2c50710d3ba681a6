"""Forgeries of money that PostgreSQL must refuse on every node, for `manage.py distribute_ledger` to try.

`probe` is a new seller with an empty wallet, `author` a user. What is tried is undone.
"""

from apps.core.database.citus.guards import Forgery

_COLUMNS = (
    "id, seller_id, sequence, type, amount, balance_before, balance_after, debit_account, credit_account, phone_number,"
    " idempotency_key, credit_request_id, reverses_id, description, created_by_id, created_at"
)
_CREDIT = "'credit_increase', 5, 0, 5, 'platform:funding', 'wallet:' || probe, '', '', gen_random_uuid(), NULL"
_REVERSAL = "'reversal', 5, 0, 5, 'platform:charge_sales', 'wallet:' || probe, '', '', NULL, gen_random_uuid()"
_NOW = "clock_timestamp()"


def entry(*, what: str = _CREDIT, sequence: int = 1, at: str = _NOW, version: int = 7) -> str:
    """Return the INSERT of a first entry of `probe`."""
    return f"""
        WITH moment AS MATERIALIZED (SELECT {at} AS at)
        INSERT INTO public.transactions_ledgerentry ({_COLUMNS})
        SELECT (lpad(to_hex((date_part('epoch', at) * 1000000)::bigint / 1000), 12, '0')
                || '{version}000' || '8' || left(md5(probe::text), 15))::uuid,
               probe, {sequence}, {what}, '', author, at FROM moment"""


FORGERIES = (
    Forgery(
        "a wallet that moves without an entry",
        "UPDATE public.transactions_wallet SET balance = 5 WHERE seller_id = probe",
        "wallet_matches_ledger",
    ),
    Forgery(
        "a second wallet",
        "INSERT INTO public.transactions_wallet SELECT * FROM public.transactions_wallet WHERE seller_id = probe",
        "transactions_wallet_pkey",
    ),
    Forgery(
        "a balance below zero",
        "UPDATE public.transactions_wallet SET balance = -1 WHERE seller_id = probe",
        "wallet_balance_not_negative",
    ),
    Forgery("an entry out of order", entry(sequence=2), "entry_extends_chain"),
    Forgery("an entry of yesterday", entry(at=f"{_NOW} - interval '1 day'"), "entry_is_dated_now"),
    Forgery("an id of another version", entry(version=4), "entry_id_is_of_its_time"),
    Forgery("an entry that moves nothing", entry(what=_CREDIT.replace("5, 0, 5", "0, 0, 0")), "entry_amount_positive"),
    Forgery("a credit without a request", entry(), "entry_has_approved_request"),
    Forgery("a reversal of nothing", entry(what=_REVERSAL), "reversal_mirrors_entry"),
)
