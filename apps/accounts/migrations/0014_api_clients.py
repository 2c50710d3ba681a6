"""API clients: a table of their own, and a mark on the users that they are.

Locks: ACCESS EXCLUSIVE on users while a column with a constant default is added, an instant, and while one scan checks
the new constraint; SHARE ROW EXCLUSIVE on users while the foreign keys are made. The trail's table is not changed.
"""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0013_seller_phone_numbers"),
    ]

    operations = [
        migrations.CreateModel(
            name="ApiClient",
            fields=[
                (
                    "user",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="client",
                        serialize=False,
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "allowed_networks",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=43), default=list, size=None, verbose_name="networks"
                    ),
                ),
                ("expires_at", models.DateTimeField(null=True, verbose_name="expires at")),
                ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="created at")),
                (
                    "created_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="created by",
                    ),
                ),
                ("secret_hash", models.BinaryField(max_length=32)),
                ("former_secret_hash", models.BinaryField(max_length=32, null=True)),
                ("former_secret_ends_at", models.DateTimeField(null=True)),
            ],
            options={
                "verbose_name": "API client",
                "verbose_name_plural": "API clients",
                "ordering": ("-user_id",),
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("former_secret_ends_at__isnull", True), ("former_secret_hash__isnull", True)),
                            models.Q(("former_secret_ends_at__isnull", False), ("former_secret_hash__isnull", False)),
                            _connector="OR",
                        ),
                        name="api_client_former_secret_ends",
                    )
                ],
            },
        ),
        migrations.AddField(
            model_name="user",
            name="is_client",
            field=models.BooleanField(db_default=False, default=False, editable=False),
        ),
        migrations.AlterField(
            model_name="auditevent",
            name="action",
            field=models.CharField(
                choices=[
                    ("log in", "log in"),
                    ("log in refused", "log in refused"),
                    ("log out", "log out"),
                    ("add", "add"),
                    ("change", "change"),
                    ("deactivate", "deactivate"),
                    ("set password", "set password"),
                    ("enrol second factor", "enrol second factor"),
                    ("reset second factor", "reset second factor"),
                    ("rotate secret", "rotate secret"),
                    ("verify", "verify"),
                    ("suspend", "suspend"),
                    ("reactivate", "reactivate"),
                    ("approve first", "approve first, of two"),
                    ("approve", "approve"),
                    ("reject", "reject"),
                    ("reverse", "reverse"),
                    ("propose", "propose"),
                    ("reconcile", "reconcile"),
                    ("reconcile all", "reconcile all"),
                    ("export ledger", "export ledger"),
                    ("load history", "load history"),
                ],
                max_length=64,
                verbose_name="action",
            ),
        ),
        migrations.AddConstraint(
            model_name="user",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("is_client", False),
                    models.Q(
                        ("is_staff", False), ("password__startswith", "!"), ("seller_role__in", ["operator", "viewer"])
                    ),
                    _connector="OR",
                ),
                name="user_client_has_no_password",
            ),
        ),
    ]
