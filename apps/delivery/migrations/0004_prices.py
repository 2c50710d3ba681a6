"""The prices of charges: terms of operators and sellers, which are only added. Only makes a table; no lock."""

from decimal import Decimal

import django.db.models.deletion
import uuid_utils.compat
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0025_resolve"),
        ("delivery", "0003_books"),
        ("transactions", "0041_face_value"),
    ]

    operations = [
        migrations.CreateModel(
            name="PriceTerms",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("effective_from", models.DateField(verbose_name="effective from")),
                (
                    "discount_percent",
                    models.DecimalField(
                        decimal_places=2, default=Decimal("0"), max_digits=5, verbose_name="discount in percent"
                    ),
                ),
                ("fee", models.DecimalField(decimal_places=2, default=Decimal("0"), max_digits=20, verbose_name="fee")),
                (
                    "operator",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="terms",
                        to="delivery.operator",
                        verbose_name="operator",
                    ),
                ),
                (
                    "seller",
                    models.ForeignKey(
                        blank=True,
                        help_text="Empty: all sellers that have no terms of their own.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.seller",
                        verbose_name="seller",
                    ),
                ),
            ],
            options={
                "verbose_name": "price",
                "verbose_name_plural": "prices",
                "ordering": ("-id",),
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("discount_percent__gte", 0), ("discount_percent__lt", 100)),
                        name="terms_discount_below_all",
                        violation_error_message="The discount must be at least 0 and below 100.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("fee__gte", 0), ("fee__lte", Decimal("999999999999.99"))),
                        name="terms_fee_not_negative",
                        violation_error_message="The fee must not be negative.",
                    ),
                ],
            },
        ),
        migrations.RunSQL(
            """
            CREATE TRIGGER terms_are_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON delivery_priceterms
            FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
            """,
            "DROP TRIGGER terms_are_append_only ON delivery_priceterms;",
        ),
    ]
