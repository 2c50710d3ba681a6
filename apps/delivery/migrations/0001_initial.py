"""Operators, deliveries and attempts. New tables; no lock on others but for their foreign keys, an instant."""

import django.contrib.postgres.fields
import django.core.validators
import django.db.models.deletion
import django.db.models.functions.datetime
import uuid_utils.compat
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("accounts", "0025_resolve"),
        ("transactions", "0040_operator"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Delivery",
            fields=[
                (
                    "entry",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="delivery",
                        serialize=False,
                        to="transactions.ledgerentry",
                        verbose_name="charge",
                    ),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("pending", "Pending"),
                            ("submitted", "Submitted"),
                            ("delivered", "Delivered"),
                            ("failed", "Failed"),
                            ("unknown", "Unknown"),
                        ],
                        max_length=16,
                        verbose_name="status",
                    ),
                ),
                (
                    "operator_reference",
                    models.CharField(blank=True, max_length=128, verbose_name="operator's reference"),
                ),
                ("message", models.CharField(blank=True, max_length=500, verbose_name="operator's words")),
                ("attempts", models.PositiveIntegerField(default=0, verbose_name="attempts")),
                ("created_at", models.DateTimeField(verbose_name="created at")),
                ("updated_at", models.DateTimeField(verbose_name="updated at")),
                ("next_step_at", models.DateTimeField(blank=True, null=True, verbose_name="next step at")),
                (
                    "resolved_by",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="resolved by",
                    ),
                ),
                (
                    "seller",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="deliveries",
                        to="accounts.seller",
                        verbose_name="seller",
                    ),
                ),
            ],
            options={
                "verbose_name": "delivery",
                "verbose_name_plural": "deliveries",
                "ordering": ("-entry",),
            },
        ),
        migrations.CreateModel(
            name="Attempt",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("submit", "Submission"),
                            ("inquire", "Inquiry"),
                            ("callback", "Callback"),
                            ("resolve", "Decision of a person"),
                        ],
                        max_length=16,
                        verbose_name="kind",
                    ),
                ),
                ("outcome", models.CharField(max_length=16, verbose_name="outcome")),
                ("sent", models.CharField(blank=True, max_length=1000, verbose_name="sent")),
                ("answered", models.CharField(blank=True, max_length=1000, verbose_name="answered")),
                ("milliseconds", models.PositiveIntegerField(blank=True, null=True, verbose_name="milliseconds")),
                (
                    "at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False, verbose_name="time"
                    ),
                ),
                (
                    "by",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "delivery",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="attempts_made",
                        to="delivery.delivery",
                        verbose_name="delivery",
                    ),
                ),
            ],
            options={
                "verbose_name": "attempt",
                "verbose_name_plural": "attempts",
                "ordering": ("id",),
            },
        ),
        migrations.CreateModel(
            name="Operator",
            fields=[
                (
                    "code",
                    models.CharField(
                        max_length=32,
                        primary_key=True,
                        serialize=False,
                        validators=[django.core.validators.RegexValidator("^[a-z0-9][a-z0-9_-]{0,31}$")],
                        verbose_name="code",
                    ),
                ),
                ("name", models.CharField(max_length=100, verbose_name="name")),
                (
                    "carrier_names",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=100),
                        blank=True,
                        default=list,
                        size=None,
                        verbose_name="carrier names",
                    ),
                ),
                (
                    "min_amount",
                    models.DecimalField(
                        blank=True, decimal_places=2, max_digits=20, null=True, verbose_name="smallest amount"
                    ),
                ),
                (
                    "max_amount",
                    models.DecimalField(
                        blank=True, decimal_places=2, max_digits=20, null=True, verbose_name="largest amount"
                    ),
                ),
                (
                    "amounts",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.DecimalField(decimal_places=2, max_digits=20),
                        blank=True,
                        default=list,
                        size=None,
                        verbose_name="fixed amounts",
                    ),
                ),
                ("adapter", models.CharField(default="http_json", max_length=32, verbose_name="adapter")),
                ("settings", models.JSONField(blank=True, default=dict, verbose_name="settings")),
                (
                    "secret_variable",
                    models.CharField(
                        blank=True,
                        help_text="An environment variable that begins with OPERATOR_SECRET_. The secret itself is not kept here.",
                        max_length=64,
                        validators=[django.core.validators.RegexValidator("^OPERATOR_SECRET_[A-Z0-9_]+$")],
                        verbose_name="variable of the secret",
                    ),
                ),
                ("max_in_flight", models.PositiveSmallIntegerField(default=8, verbose_name="calls at a time")),
                ("is_open", models.BooleanField(default=True, verbose_name="open for charges")),
                ("changed_at", models.DateTimeField(auto_now=True, verbose_name="changed at")),
            ],
            options={
                "verbose_name": "operator",
                "verbose_name_plural": "operators",
                "ordering": ("code",),
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("code__regex", "^[a-z0-9][a-z0-9_-]{0,31}$")), name="operator_code_plain"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("max_amount__isnull", True), ("min_amount__isnull", True)),
                            models.Q(("max_amount__gte", models.F("min_amount")), ("min_amount__gt", 0)),
                            _connector="OR",
                        ),
                        name="operator_range_whole",
                        violation_error_message="Give both ends of the range, the smaller first.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("min_amount__isnull", False), models.Q(("amounts", []), _negated=True), _connector="OR"
                        ),
                        name="operator_sells_something",
                        violation_error_message="Give a range or fixed amounts.",
                    ),
                    models.CheckConstraint(condition=models.Q(("max_in_flight__gte", 1)), name="operator_called"),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("secret_variable", ""),
                            ("secret_variable__regex", "^OPERATOR_SECRET_[A-Z0-9_]+$"),
                            _connector="OR",
                        ),
                        name="operator_secret_by_prefix",
                    ),
                ],
            },
        ),
        migrations.AddField(
            model_name="delivery",
            name="operator",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="deliveries",
                to="delivery.operator",
                verbose_name="operator",
            ),
        ),
        migrations.CreateModel(
            name="NumberRange",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "prefix",
                    models.CharField(
                        max_length=15,
                        unique=True,
                        validators=[django.core.validators.RegexValidator("^\\+[0-9]{2,14}$")],
                        verbose_name="beginning",
                    ),
                ),
                (
                    "operator",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="ranges",
                        to="delivery.operator",
                        verbose_name="operator",
                    ),
                ),
            ],
            options={
                "verbose_name": "number range",
                "verbose_name_plural": "number ranges",
                "ordering": ("prefix",),
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("prefix__regex", "^\\+[0-9]{2,14}$")), name="number_range_e164"
                    )
                ],
            },
        ),
        migrations.AddIndex(
            model_name="delivery",
            index=models.Index(
                condition=models.Q(("next_step_at__isnull", False)),
                fields=["operator", "next_step_at"],
                name="delivery_due",
            ),
        ),
        migrations.AddIndex(
            model_name="delivery",
            index=models.Index(fields=["seller", "entry"], name="delivery_by_seller"),
        ),
        migrations.AddIndex(
            model_name="delivery",
            index=models.Index(fields=["operator", "entry"], name="delivery_by_operator"),
        ),
        migrations.AddIndex(
            model_name="delivery",
            index=models.Index(
                condition=models.Q(("status", "delivered"), _negated=True),
                fields=["status", "entry"],
                name="delivery_by_status",
            ),
        ),
        migrations.AddConstraint(
            model_name="delivery",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("next_step_at__isnull", True), ("status__in", ["delivered", "failed"])),
                    models.Q(
                        ("next_step_at__isnull", False),
                        ("resolved_by__isnull", True),
                        ("status__in", ["pending", "submitted", "unknown"]),
                    ),
                    _connector="OR",
                ),
                name="delivery_asks_until_settled",
            ),
        ),
    ]
