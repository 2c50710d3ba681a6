"""Names of models and fields as people read them, to be translated. Changes no table."""

from decimal import Decimal

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0006_names_for_people"),
        ("transactions", "0013_hash_in_parallel"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="ledgerentry",
            options={"ordering": ("-id",), "verbose_name": "ledger entry", "verbose_name_plural": "ledger entries"},
        ),
        migrations.AlterModelOptions(
            name="wallet",
            options={"verbose_name": "wallet", "verbose_name_plural": "wallets"},
        ),
        migrations.AlterField(
            model_name="ledgerentry",
            name="amount",
            field=models.DecimalField(decimal_places=2, max_digits=20, verbose_name="amount"),
        ),
        migrations.AlterField(
            model_name="ledgerentry",
            name="created_at",
            field=models.DateTimeField(verbose_name="created at"),
        ),
        migrations.AlterField(
            model_name="ledgerentry",
            name="created_by",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="created by",
            ),
        ),
        migrations.AlterField(
            model_name="ledgerentry",
            name="credit_account",
            field=models.CharField(max_length=64, verbose_name="credit account"),
        ),
        migrations.AlterField(
            model_name="ledgerentry",
            name="debit_account",
            field=models.CharField(max_length=64, verbose_name="debit account"),
        ),
        migrations.AlterField(
            model_name="ledgerentry",
            name="description",
            field=models.CharField(blank=True, max_length=500, verbose_name="description"),
        ),
        migrations.AlterField(
            model_name="ledgerentry",
            name="idempotency_key",
            field=models.CharField(blank=True, max_length=255, verbose_name="idempotency key"),
        ),
        migrations.AlterField(
            model_name="ledgerentry",
            name="phone_number",
            field=models.CharField(blank=True, max_length=16, verbose_name="phone number"),
        ),
        migrations.AlterField(
            model_name="ledgerentry",
            name="seller",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="entries",
                to="accounts.seller",
                verbose_name="seller",
            ),
        ),
        migrations.AlterField(
            model_name="ledgerentry",
            name="sequence",
            field=models.BigIntegerField(verbose_name="sequence"),
        ),
        migrations.AlterField(
            model_name="ledgerentry",
            name="type",
            field=models.CharField(
                choices=[
                    ("credit_increase", "Credit increase"),
                    ("charge_sale", "Charge sale"),
                    ("reversal", "Reversal"),
                ],
                max_length=16,
                verbose_name="type",
            ),
        ),
        migrations.AlterField(
            model_name="wallet",
            name="balance",
            field=models.DecimalField(decimal_places=2, default=Decimal("0.00"), max_digits=20, verbose_name="balance"),
        ),
        migrations.AlterField(
            model_name="wallet",
            name="seller",
            field=models.OneToOneField(
                on_delete=django.db.models.deletion.PROTECT,
                primary_key=True,
                related_name="wallet",
                serialize=False,
                to="accounts.seller",
                verbose_name="seller",
            ),
        ),
        migrations.AlterField(
            model_name="wallet",
            name="sequence",
            field=models.BigIntegerField(default=0, verbose_name="sequence"),
        ),
        migrations.AlterField(
            model_name="wallet",
            name="spent_on",
            field=models.DateField(null=True, verbose_name="last day of sales"),
        ),
        migrations.AlterField(
            model_name="wallet",
            name="spent_today",
            field=models.DecimalField(
                decimal_places=2, default=Decimal("0.00"), max_digits=20, verbose_name="spent that day"
            ),
        ),
    ]
