"""A seller's own alert of a low balance; and the head of a seller's events names a seller that exists.

Locks: ACCESS EXCLUSIVE on the short table of sellers for an instant, which is read once for the constraint; the
release before this one goes on working.
"""

from django.db import migrations, models
from django.db.models import Q

from apps.core.values.money import MAX_AMOUNT

HEAD_OF_SELLER = """
ALTER TABLE outbox_eventhead ADD CONSTRAINT event_head_of_seller FOREIGN KEY (seller_id) REFERENCES accounts_seller
DEFERRABLE INITIALLY DEFERRED
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0014_api_clients"), ("outbox", "0001_initial")]

    operations = [
        migrations.AddField(
            model_name="seller",
            name="low_balance_alert",
            field=models.DecimalField(
                blank=True, decimal_places=2, max_digits=20, null=True, verbose_name="low balance alert"
            ),
        ),
        migrations.AddConstraint(
            model_name="seller",
            constraint=models.CheckConstraint(
                condition=Q(low_balance_alert__gt=0, low_balance_alert__lte=MAX_AMOUNT),
                name="seller_low_balance_alert_positive",
            ),
        ),
        migrations.RunSQL(HEAD_OF_SELLER, "ALTER TABLE outbox_eventhead DROP CONSTRAINT event_head_of_seller"),
    ]
