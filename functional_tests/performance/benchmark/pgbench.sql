-- The work of a charge, in SQL on the service's own tables with all their triggers: lock the wallet, look the key up,
-- add the entry, move the balance, commit. SELLERS and OWNERS are arrays of ids of the same order.
-- (pgbench takes a colon before a name for a variable even in a string, so the account is a variable.)
\set number random(1, SELLER_COUNT)
\set key random(1, 9000000000000000000)
\set phone random(1000000, 9999999)
BEGIN;
SELECT seller_id, balance, sequence, spent_today,
       greatest(clock_timestamp(), last_entry_at + interval '1 microsecond') AS moment
FROM transactions_wallet WHERE seller_id = (SELLERS)[:number] FOR NO KEY UPDATE \gset
SELECT count(*) AS earlier FROM transactions_ledgerentry
WHERE seller_id = :seller_id::uuid AND idempotency_key = :key::text AND idempotency_key <> '' \gset
INSERT INTO transactions_ledgerentry (
    id, seller_id, sequence, type, amount, balance_before, balance_after, debit_account, credit_account, phone_number,
    idempotency_key, description, created_by_id, created_at)
VALUES (
    uuidv7(), :seller_id::uuid, :sequence::bigint + 1, 'charge_sale', 1000, :balance::numeric,
    :balance::numeric - 1000, 'wallet:' || :seller_id::text, :sales_account::text, '+98912' || :phone::text,
    :key::text, '', (OWNERS)[:number], :moment::timestamptz);
UPDATE transactions_wallet
SET balance = :balance::numeric - 1000, sequence = :sequence::bigint + 1, last_entry_at = :moment::timestamptz,
    spent_on = (:moment::timestamptz)::date, spent_today = :spent_today::numeric + 1000
WHERE seller_id = :seller_id::uuid;
COMMIT;
