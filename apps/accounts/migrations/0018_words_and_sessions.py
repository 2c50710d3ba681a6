"""Sessions of the back office that know their user, refusals of forms in words, and an action of the audit trail.

Locks: SHARE ROW EXCLUSIVE on users for the instant in which the new table's foreign key is made. Messages of constraints
and names of actions are not in the database. The rows of `django_session` stay, so the running version goes on; staff
log in again once.
"""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.models import Q
from django.db.models.functions import Upper

from apps.accounts import names
from apps.accounts.models import AuditAction

TAKEN = "This email is already taken."


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0015_low_balance_alert"),
    ]

    operations = [
        migrations.CreateModel(
            name="BackOfficeSession",
            fields=[
                (
                    "session_key",
                    models.CharField(max_length=40, primary_key=True, serialize=False, verbose_name="session key"),
                ),
                ("session_data", models.TextField(verbose_name="session data")),
                ("expire_date", models.DateTimeField(db_index=True, verbose_name="expire date")),
                ("began_at", models.DateTimeField(null=True, verbose_name="created at")),
                ("address", models.GenericIPAddressField(null=True, verbose_name="from where")),
                (
                    "user",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="back_office_sessions",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="user",
                    ),
                ),
            ],
            options={"verbose_name": "session", "verbose_name_plural": "sessions", "abstract": False},
        ),
        migrations.AlterField(
            model_name="auditevent",
            name="action",
            # The labels of today: they are texts of pages, and branches that add actions need not agree on an order.
            field=models.CharField(choices=AuditAction.choices, max_length=64, verbose_name="action"),
        ),
        migrations.AlterConstraint(
            model_name="seller",
            name="seller_daily_limit_positive",
            constraint=models.CheckConstraint(
                condition=Q(daily_limit__gt=0),
                name="seller_daily_limit_positive",
                violation_error_message="The amount must be greater than zero.",
            ),
        ),
        migrations.AlterConstraint(
            model_name="seller",
            name="seller_email_unique",
            constraint=models.UniqueConstraint(
                Upper("email"), name="seller_email_unique", violation_error_message=TAKEN
            ),
        ),
        migrations.AlterConstraint(
            model_name="seller",
            name="seller_company_name_visible",
            constraint=models.CheckConstraint(
                condition=Q(company_name__regex=names.VISIBLE) & names.without_hidden("company_name"),
                name="seller_company_name_visible",
                violation_error_message="Characters that cannot be seen are not allowed.",
            ),
        ),
        migrations.AlterConstraint(
            model_name="user",
            name="user_username_unique",
            constraint=models.UniqueConstraint(
                Upper("username"),
                name="user_username_unique",
                violation_error_message="This username is already taken.",
            ),
        ),
        migrations.AlterConstraint(
            model_name="user",
            name="user_email_unique",
            constraint=models.UniqueConstraint(
                Upper("email"), condition=~Q(email=""), name="user_email_unique", violation_error_message=TAKEN
            ),
        ),
    ]
