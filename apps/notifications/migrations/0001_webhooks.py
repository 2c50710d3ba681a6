"""Endpoints of webhooks, deliveries and attempts.

Locks: SHARE ROW EXCLUSIVE on sellers while the foreign key is made, an instant. All tables are new.
"""

import django.db.models.deletion
import uuid_utils.compat
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("accounts", "0013_seller_phone_numbers"),
    ]

    operations = [
        migrations.CreateModel(
            name="WebhookDelivery",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("event_id", models.UUIDField(verbose_name="event")),
                ("event_type", models.CharField(max_length=64, verbose_name="type")),
                ("body", models.TextField(verbose_name="body")),
                (
                    "status",
                    models.CharField(
                        choices=[("pending", "Pending"), ("delivered", "Delivered"), ("failed", "Failed")],
                        default="pending",
                        max_length=16,
                        verbose_name="status",
                    ),
                ),
                ("failures", models.PositiveSmallIntegerField(default=0, verbose_name="failures")),
                ("next_try_at", models.DateTimeField(null=True, verbose_name="next try")),
                ("claimed_until", models.DateTimeField(editable=False, null=True)),
                ("created_at", models.DateTimeField(verbose_name="created at")),
            ],
            options={
                "verbose_name": "webhook delivery",
                "verbose_name_plural": "webhook deliveries",
                "ordering": ("-id",),
            },
        ),
        migrations.CreateModel(
            name="WebhookAttempt",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("attempted_at", models.DateTimeField(verbose_name="time")),
                ("status", models.PositiveSmallIntegerField(null=True, verbose_name="status")),
                ("milliseconds", models.PositiveIntegerField(verbose_name="milliseconds")),
                ("answer", models.TextField(blank=True, verbose_name="answer")),
                ("error", models.CharField(blank=True, max_length=32, verbose_name="error")),
                (
                    "delivery",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="attempts",
                        to="notifications.webhookdelivery",
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
            name="WebhookEndpoint",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("url", models.CharField(max_length=500, verbose_name="address")),
                ("event_types", models.JSONField(null=True, verbose_name="types of events")),
                ("description", models.CharField(blank=True, max_length=200, verbose_name="description")),
                ("secret", models.TextField(editable=False)),
                ("former_secret", models.TextField(blank=True, editable=False)),
                ("former_secret_expires_at", models.DateTimeField(editable=False, null=True)),
                ("enabled", models.BooleanField(default=True, verbose_name="enabled")),
                (
                    "disabled_reason",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("seller", "by the seller"),
                            ("failing", "it failed for days"),
                            ("gone", "it answered 410 Gone"),
                        ],
                        max_length=16,
                        verbose_name="why disabled",
                    ),
                ),
                ("disabled_at", models.DateTimeField(null=True, verbose_name="disabled at")),
                ("failing_since", models.DateTimeField(editable=False, null=True, verbose_name="failing since")),
                ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="created at")),
                ("removed_at", models.DateTimeField(null=True, verbose_name="removed at")),
                (
                    "seller",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="webhook_endpoints",
                        to="accounts.seller",
                        verbose_name="seller",
                    ),
                ),
            ],
            options={
                "verbose_name": "webhook endpoint",
                "verbose_name_plural": "webhook endpoints",
                "ordering": ("-id",),
            },
        ),
        migrations.AddField(
            model_name="webhookdelivery",
            name="endpoint",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="deliveries",
                to="notifications.webhookendpoint",
                verbose_name="endpoint",
            ),
        ),
        migrations.AddConstraint(
            model_name="webhookendpoint",
            constraint=models.UniqueConstraint(
                condition=models.Q(("removed_at__isnull", True)),
                fields=("seller", "url"),
                name="webhook_endpoint_url_unique",
            ),
        ),
        migrations.AddConstraint(
            model_name="webhookendpoint",
            constraint=models.CheckConstraint(
                condition=models.Q(("url__startswith", "https://")), name="webhook_endpoint_is_https"
            ),
        ),
        migrations.AddConstraint(
            model_name="webhookendpoint",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("disabled_at__isnull", True), ("disabled_reason", ""), ("enabled", True)),
                    models.Q(
                        ("disabled_at__isnull", False),
                        ("enabled", False),
                        models.Q(("disabled_reason", ""), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="webhook_endpoint_disabled_consistent",
            ),
        ),
        migrations.AddConstraint(
            model_name="webhookendpoint",
            constraint=models.CheckConstraint(
                condition=models.Q(("removed_at__isnull", True), ("enabled", False), _connector="OR"),
                name="webhook_endpoint_removed_is_disabled",
            ),
        ),
        migrations.AddConstraint(
            model_name="webhookendpoint",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("former_secret", ""), ("former_secret_expires_at__isnull", True)),
                    models.Q(
                        models.Q(("former_secret", ""), _negated=True), ("former_secret_expires_at__isnull", False)
                    ),
                    _connector="OR",
                ),
                name="webhook_endpoint_former_secret_expires",
            ),
        ),
        migrations.AddIndex(
            model_name="webhookdelivery",
            index=models.Index(fields=["endpoint", "id"], name="webhook_delivery_by_endpoint"),
        ),
        migrations.AddIndex(
            model_name="webhookdelivery",
            index=models.Index(
                condition=models.Q(("status", "pending")),
                fields=["endpoint"],
                name="webhook_delivery_waiting",
            ),
        ),
        migrations.AddIndex(
            model_name="webhookdelivery",
            index=models.Index(
                condition=models.Q(("claimed_until__isnull", False)),
                fields=["endpoint"],
                name="webhook_delivery_under_way",
            ),
        ),
        migrations.AddIndex(
            model_name="webhookdelivery",
            index=models.Index(fields=["event_id"], name="webhook_delivery_by_event"),
        ),
        migrations.AddConstraint(
            model_name="webhookdelivery",
            constraint=models.UniqueConstraint(fields=("endpoint", "event_id"), name="webhook_delivery_once"),
        ),
        migrations.AddConstraint(
            model_name="webhookdelivery",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("next_try_at__isnull", False), ("status", "pending")),
                    models.Q(("next_try_at__isnull", True), ("status__in", ["delivered", "failed"])),
                    _connector="OR",
                ),
                name="webhook_delivery_pending_has_a_time",
            ),
        ),
    ]
