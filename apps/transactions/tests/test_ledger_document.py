"""docs/ledger.md is right: its example is what the code computes, and it names every trigger."""

import re
from hashlib import sha256

import pytest
from django.db import connection

from apps.transactions.ledger.chain import NO_HASH, Row, hash_entry
from config.env_file import REPOSITORY

DOCUMENT = (REPOSITORY / "docs/ledger.md").read_text()
FIELDS = (
    "id", "seller_id", "sequence", "type", "amount", "balance_before", "balance_after", "debit_account",
    "credit_account", "phone_number", "credit_request_id", "reverses_id", "created_by_id", "created_at",
    "key_bytes", "idempotency_key", "description",
)  # fmt: skip
_IN_SQL = """
SELECT encode(ledger_hash(decode(%(previous)s, 'hex'), ROW(
    %(id)s, %(sequence)s, %(type)s, %(amount)s, %(balance_before)s, %(balance_after)s, %(debit_account)s,
    %(credit_account)s, %(phone_number)s, %(idempotency_key)s, nullif(%(credit_request_id)s, '')::uuid,
    %(description)s, %(created_at)s, %(created_by_id)s, nullif(%(reverses_id)s, '')::uuid, %(seller_id)s,
    NULL, %(operator)s, nullif(%(face_value)s, '')::numeric)::transactions_ledgerentry), 'hex')
"""


@pytest.mark.django_db
def test_the_example_is_what_python_and_postgresql_compute() -> None:
    forms = re.findall(r"^    canonical form  (.*)$", DOCUMENT, re.MULTILINE)
    hashes = re.findall(r"^    entry_hash      (.*)$", DOCUMENT, re.MULTILINE)
    assert len(forms) == len(hashes) == 4
    previous = NO_HASH
    for form, expected in zip(forms, hashes, strict=True):
        assert sha256(previous + form.encode()).hexdigest() == expected
        *younger, old = re.split(r"(?<=\|)(?=[^|=]+\|)", form, maxsplit=1) if "=" in form else [form]
        values = dict(zip(FIELDS, old.split("|"), strict=True)) | {"operator": "", "face_value": ""}
        values |= dict(re.findall(r"(\w+)=(.*?)\|", "".join(younger)))
        del values["key_bytes"]
        row = Row(**values, entry_hash=None, reversed=None)
        assert hash_entry(previous, row).hex() == expected
        with connection.cursor() as cursor:
            cursor.execute(_IN_SQL, {**values, "previous": previous.hex()})
            assert cursor.fetchone() == (expected,)
        previous = bytes.fromhex(expected)


@pytest.mark.django_db
def test_every_trigger_is_described() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tgname FROM pg_trigger JOIN pg_class c ON c.oid = tgrelid "
            "WHERE NOT tgisinternal AND relname IN "
            "('transactions_ledgerentry', 'transactions_wallet', 'credit_requests_creditrequest')"
        )
        triggers = {name for (name,) in cursor.fetchall()}
    assert len(triggers) > 8
    assert {name for name in triggers if f"`{name}`" not in DOCUMENT} == set()


@pytest.mark.django_db
def test_the_functions_of_hashes_may_run_in_parallel() -> None:
    """A migration that replaces one without saying so takes it away (0013)."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT proname, proparallel FROM pg_proc WHERE proname IN ('ledger_canonical_form', 'ledger_hash')"
        )
        assert dict(cursor.fetchall()) == {"ledger_canonical_form": "s", "ledger_hash": "s"}
