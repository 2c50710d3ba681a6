"""The ledger's side of the link: an entry's credit request must exist. Checked at commit."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("credit_requests", "0001_initial"), ("transactions", "0002_wallets")]

    operations = [
        migrations.RunSQL(
            """
            ALTER TABLE transactions_ledgerentry ADD CONSTRAINT entry_credit_request_exists
            FOREIGN KEY (credit_request_id) REFERENCES credit_requests_creditrequest (id)
            DEFERRABLE INITIALLY DEFERRED
            """,
            "ALTER TABLE transactions_ledgerentry DROP CONSTRAINT entry_credit_request_exists",
        ),
    ]
