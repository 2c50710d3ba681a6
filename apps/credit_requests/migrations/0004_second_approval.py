"""Four eyes: a request may await a second approver, who differs from the first.

Locks: ACCESS EXCLUSIVE on credit requests, for as long as one reading of this small table takes.
"""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

# PostgreSQL does not change the type of a column that a trigger's condition names.
DROP_TRIGGER = "DROP TRIGGER approved_request_has_entry ON credit_requests_creditrequest"
CREATE_TRIGGER = """
CREATE CONSTRAINT TRIGGER approved_request_has_entry AFTER INSERT OR UPDATE ON credit_requests_creditrequest
DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.status = 'approved')
EXECUTE FUNCTION credit_request_check_entry();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0002_staff_roles"),
        ("credit_requests", "0003_decisions_are_final"),
        ("transactions", "0006_read_wallet"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="creditrequest",
            name="credit_request_status_consistent",
        ),
        migrations.RemoveIndex(
            model_name="creditrequest",
            name="credit_request_pending",
        ),
        migrations.AddField(
            model_name="creditrequest",
            name="first_approved_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="creditrequest",
            name="first_approved_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.RunSQL(DROP_TRIGGER, CREATE_TRIGGER),
        migrations.AlterField(
            model_name="creditrequest",
            name="status",
            field=models.CharField(
                choices=[
                    ("pending", "Pending"),
                    ("awaiting_second_approval", "Awaiting second approval"),
                    ("approved", "Approved"),
                    ("rejected", "Rejected"),
                    ("cancelled", "Cancelled"),
                ],
                default="pending",
                max_length=32,
            ),
        ),
        migrations.RunSQL(CREATE_TRIGGER, DROP_TRIGGER),
        migrations.AddIndex(
            model_name="creditrequest",
            index=models.Index(
                condition=models.Q(("status__in", ["pending", "awaiting_second_approval"])),
                fields=["id"],
                name="credit_request_open",
            ),
        ),
        migrations.AddIndex(
            model_name="creditrequest",
            index=models.Index(fields=["requested_at"], name="credit_request_by_time"),
        ),
        migrations.AddConstraint(
            model_name="creditrequest",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("entry__isnull", True),
                        ("processed_at__isnull", True),
                        ("processed_by__isnull", True),
                        ("status__in", ["pending", "awaiting_second_approval"]),
                    ),
                    models.Q(
                        ("entry__isnull", False),
                        ("processed_at__isnull", False),
                        ("processed_by__isnull", False),
                        ("status", "approved"),
                    ),
                    models.Q(
                        ("entry__isnull", True),
                        ("processed_at__isnull", False),
                        ("processed_by__isnull", False),
                        ("status__in", ["rejected", "cancelled"]),
                    ),
                    _connector="OR",
                ),
                name="credit_request_status_consistent",
            ),
        ),
        migrations.AddConstraint(
            model_name="creditrequest",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("first_approved_at__isnull", True),
                        ("first_approved_by__isnull", True),
                        models.Q(("status", "awaiting_second_approval"), _negated=True),
                    ),
                    models.Q(
                        ("first_approved_at__isnull", False),
                        ("first_approved_by__isnull", False),
                        models.Q(("status", "pending"), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="credit_request_first_approval_consistent",
            ),
        ),
        migrations.AddConstraint(
            model_name="creditrequest",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("processed_by", models.F("first_approved_by")), ("status", "approved"), _negated=True
                ),
                name="credit_request_two_approvers_differ",
            ),
        ),
    ]
