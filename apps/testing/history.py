"""A seller with old entries, loaded as the owner of the database loads a former system's."""

from datetime import timedelta
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory

from django.core.management import call_command
from django.utils import timezone

from apps.accounts.models import Seller
from apps.core.values.ids import uuid7, uuid7_at
from apps.testing.factories import make_seller, make_staff, owner_of

_CREDIT_AND_SALE = """
INSERT INTO credit_requests_creditrequest (id, seller_id, amount, note, status, idempotency_key, requested_by_id,
    requested_at, processed_by_id, processed_at, rejection_reason, entry_id)
VALUES ('{request}', '{seller}', 100, '', 'approved', '', '{owner}', '{credited_at}', '{staff}', '{credited_at}', '',
    '{credit}');
INSERT INTO transactions_ledgerentry (id, seller_id, sequence, type, amount, balance_before, balance_after,
    debit_account, credit_account, phone_number, idempotency_key, credit_request_id, description, created_by_id,
    created_at)
VALUES
    ('{credit}', '{seller}', 1, 'credit_increase', 100, 0, 100, 'platform:funding', 'wallet:{seller}', '', '',
     '{request}', '', '{staff}', '{credited_at}'),
    ('{sale}', '{seller}', 2, 'charge_sale', 1, 100, 99, 'wallet:{seller}', 'platform:charge_sales', '+989121000001',
     '', NULL, '', '{owner}', '{sold_at}');
UPDATE transactions_wallet SET balance = 99, sequence = 2, last_entry_at = '{sold_at}' WHERE seller_id = '{seller}';
"""


def history_of(seller: Seller, age: timedelta) -> str:
    """Return SQL that adds a credit of 100.00 and a sale of 1.00, a second apart, to a seller without entries."""
    credited_at = timezone.now() - age
    sold_at = credited_at + timedelta(seconds=1)
    return _CREDIT_AND_SALE.format(
        request=uuid7(), seller=seller.pk, owner=owner_of(seller).pk, staff=make_staff("credit_approver").pk,
        credit=uuid7_at(credited_at), sale=uuid7_at(sold_at),
        credited_at=credited_at.isoformat(), sold_at=sold_at.isoformat(),
    )  # fmt: skip


def old_seller(age: timedelta) -> Seller:
    """Create a seller whose two entries are `age` old, in a test that commits."""
    seller = make_seller()
    load_history(history_of(seller, age))
    return seller


def load_history(sql: str) -> str:
    """Run the command on `sql`; return its output."""
    out = StringIO()
    with TemporaryDirectory() as folder:
        file = Path(folder, "history.sql")
        file.write_text(sql)
        call_command("load_history", str(file), reason="from the former system", stdout=out)
    return out.getvalue()
