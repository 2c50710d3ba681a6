"""Tables of the home page: totals by hour and day, refusals, and the verdicts of reconciliations."""

import django.db.models.deletion
import uuid_utils.compat
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0003_audit_trail"),
        ("transactions", "0009_all_balances_are_numbers"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="DailyTotal",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("day", models.DateField()),
                (
                    "type",
                    models.CharField(
                        choices=[
                            ("credit_increase", "Credit increase"),
                            ("charge_sale", "Charge sale"),
                            ("reversal", "Reversal"),
                        ],
                        max_length=16,
                    ),
                ),
                ("entries", models.BigIntegerField()),
                ("amount", models.DecimalField(decimal_places=2, max_digits=20)),
            ],
        ),
        migrations.CreateModel(
            name="HourlyTotal",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("hour", models.DateTimeField()),
                (
                    "type",
                    models.CharField(
                        choices=[
                            ("credit_increase", "Credit increase"),
                            ("charge_sale", "Charge sale"),
                            ("reversal", "Reversal"),
                        ],
                        max_length=16,
                    ),
                ),
                ("entries", models.BigIntegerField()),
                ("amount", models.DecimalField(decimal_places=2, max_digits=20)),
            ],
        ),
        migrations.CreateModel(
            name="ReconciliationRun",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("at", models.DateTimeField(auto_now_add=True, verbose_name="time")),
                ("seconds", models.FloatField(verbose_name="seconds")),
                ("sellers_checked", models.IntegerField(verbose_name="sellers checked")),
                ("discrepancies", models.IntegerField(verbose_name="discrepancies")),
                (
                    "trial_balance_total",
                    models.DecimalField(decimal_places=2, max_digits=26, verbose_name="trial balance"),
                ),
                ("chain_verified", models.BooleanField(verbose_name="chain verified")),
                ("is_reconciled", models.BooleanField(verbose_name="verdict")),
            ],
            options={
                "verbose_name": "reconciliation",
                "verbose_name_plural": "reconciliations",
                "ordering": ("-id",),
            },
        ),
        migrations.CreateModel(
            name="RefusalCount",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("day", models.DateField()),
                ("code", models.CharField(max_length=64)),
                ("slot", models.SmallIntegerField()),
                ("number", models.BigIntegerField()),
            ],
        ),
        migrations.CreateModel(
            name="SummaryMark",
            fields=[
                ("id", models.SmallIntegerField(default=1, primary_key=True, serialize=False)),
                ("last_entry", models.UUIDField()),
            ],
        ),
        migrations.AddField(
            model_name="dailytotal",
            name="seller",
            field=models.ForeignKey(
                db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.seller"
            ),
        ),
        migrations.AddConstraint(
            model_name="hourlytotal",
            constraint=models.UniqueConstraint(fields=("hour", "type"), name="hourly_total_unique"),
        ),
        migrations.AddField(
            model_name="reconciliationrun",
            name="run_by",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="run by",
            ),
        ),
        migrations.AddConstraint(
            model_name="refusalcount",
            constraint=models.UniqueConstraint(fields=("day", "code", "slot"), name="refusal_count_unique"),
        ),
        migrations.AddConstraint(
            model_name="dailytotal",
            constraint=models.UniqueConstraint(fields=("day", "type", "seller"), name="daily_total_unique"),
        ),
    ]
