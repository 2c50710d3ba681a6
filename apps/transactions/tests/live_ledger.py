"""A ledger as it was before entries had hashes and PostgreSQL refused anything: what migrations meet when they come."""

# Seller k gets, in order: one credit of 1,000,000.00, then sales of 1.00 of which every tenth entry undoes the one
# before it. Ids are version 7 and sort by time, as the real ones do.
_NUMBERS = """
CREATE TEMPORARY TABLE numbers ON COMMIT DROP AS
SELECT seller, sequence, (sequence - 1) * %(sellers)s + seller AS n,
       CASE WHEN sequence = 1 THEN 'credit_increase' WHEN sequence %% 10 = 0 THEN 'reversal' ELSE 'charge_sale' END
           AS type,
       1000000 - (sequence - 1) + 2 * (sequence / 10) AS balance_after
FROM generate_series(1, %(sellers)s) seller, generate_series(1, %(entries)s / %(sellers)s) sequence;

CREATE FUNCTION pg_temp.made_id(kind int, n bigint) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$
SELECT (lpad(to_hex(1767225600000 + n), 12, '0')
        || '7' || lpad(to_hex(kind), 3, '0') || '8' || lpad(to_hex(n), 15, '0'))::uuid
$$;
"""

_PEOPLE = """
INSERT INTO accounts_seller (id, company_name, email, phone_number, status, created_at)
SELECT pg_temp.made_id(1, k), 'Company ' || k, 'live' || k || '@example.com', '', 'active', '2026-01-01Z'
FROM generate_series(1, %(sellers)s) k;

INSERT INTO accounts_user (id, password, is_superuser, username, first_name, last_name, email, is_staff, is_active,
                           date_joined, seller_id, seller_role)
SELECT pg_temp.made_id(2, k), '!', false, 'live' || k, '', '', '', false, true,
       '2026-01-01Z', pg_temp.made_id(1, k), 'owner'
FROM generate_series(1, %(sellers)s) k;
"""

_ENTRIES = """
INSERT INTO transactions_ledgerentry (id, seller_id, sequence, type, amount, balance_before, balance_after,
    debit_account, credit_account, phone_number, idempotency_key, credit_request_id, reverses_id, description,
    created_by_id, created_at)
SELECT pg_temp.made_id(3, n), pg_temp.made_id(1, seller), sequence, type,
       CASE WHEN type = 'credit_increase' THEN 1000000 ELSE 1 END,
       CASE type WHEN 'credit_increase' THEN 0 WHEN 'reversal' THEN balance_after - 1 ELSE balance_after + 1 END,
       balance_after,
       CASE type WHEN 'credit_increase' THEN 'platform:funding' WHEN 'reversal' THEN 'platform:charge_sales'
                 ELSE 'wallet:' || pg_temp.made_id(1, seller) END,
       CASE type WHEN 'charge_sale' THEN 'platform:charge_sales' ELSE 'wallet:' || pg_temp.made_id(1, seller) END,
       CASE type WHEN 'charge_sale' THEN '+98912' || lpad((n %% 10000000)::text, 7, '0') ELSE '' END,
       CASE type WHEN 'charge_sale' THEN 'key-' || n ELSE '' END,
       CASE type WHEN 'credit_increase' THEN pg_temp.made_id(4, n) END,
       CASE type WHEN 'reversal' THEN pg_temp.made_id(3, n - %(sellers)s) END,
       CASE type WHEN 'reversal' THEN 'wrong | number é' ELSE '' END,
       pg_temp.made_id(2, seller), '2026-01-01Z'::timestamptz + n * interval '1 ms'
FROM numbers ORDER BY n;

INSERT INTO credit_requests_creditrequest (id, seller_id, amount, note, status, idempotency_key, requested_by_id,
    requested_at, processed_by_id, processed_at, rejection_reason, entry_id)
SELECT pg_temp.made_id(4, n), pg_temp.made_id(1, seller), 1000000, '', 'approved', '', pg_temp.made_id(2, seller),
       '2026-01-01Z', pg_temp.made_id(2, seller), '2026-01-01Z', '', pg_temp.made_id(3, n)
FROM numbers WHERE type = 'credit_increase';

UPDATE transactions_wallet w SET balance = newest.balance_after, sequence = newest.sequence,
       last_entry_at = newest.created_at
FROM (SELECT DISTINCT ON (seller_id) * FROM transactions_ledgerentry ORDER BY seller_id, sequence DESC) newest
WHERE w.seller_id = newest.seller_id;
"""

# In one transaction: an entry and its credit request each name the other, which is checked at commit.
FILL = f"BEGIN; {_NUMBERS} {_PEOPLE} {_ENTRIES} COMMIT; ANALYZE"
