"""The audit trail of the back office, which PostgreSQL lets only grow."""

import django.db.models.deletion
import uuid_utils.compat
from django.conf import settings
from django.db import migrations, models

APPEND_ONLY = """
CREATE FUNCTION audit_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the audit trail only grows: % is refused', TG_OP
        USING ERRCODE = 'check_violation', CONSTRAINT = 'audit_trail_is_append_only';
END $$;
CREATE TRIGGER audit_trail_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON accounts_auditevent
FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse_change();
"""
DROP = """
DROP TRIGGER audit_trail_is_append_only ON accounts_auditevent;
DROP FUNCTION audit_refuse_change();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0002_staff_roles"),
    ]

    operations = [
        migrations.CreateModel(
            name="AuditEvent",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("at", models.DateTimeField(auto_now_add=True, verbose_name="time")),
                ("address", models.GenericIPAddressField(null=True, verbose_name="from where")),
                ("action", models.CharField(max_length=64, verbose_name="action")),
                ("subject", models.CharField(blank=True, max_length=64, verbose_name="kind")),
                ("subject_id", models.CharField(blank=True, max_length=64)),
                ("subject_name", models.CharField(blank=True, max_length=200, verbose_name="of what")),
                ("detail", models.CharField(blank=True, max_length=1000, verbose_name="detail")),
                ("request_id", models.CharField(max_length=128)),
                (
                    "actor",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="audit_events",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="who",
                    ),
                ),
            ],
            options={
                "verbose_name": "audit event",
                "verbose_name_plural": "audit trail",
                "ordering": ("-id",),
                "indexes": [
                    models.Index(fields=["subject", "subject_id", "id"], name="audit_by_subject"),
                    models.Index(fields=["actor", "id"], name="audit_by_actor"),
                ],
            },
        ),
        migrations.RunSQL(APPEND_ONLY, DROP),
    ]
