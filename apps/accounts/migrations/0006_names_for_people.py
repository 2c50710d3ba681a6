"""Names of models and fields as people read them, to be translated. Changes no table."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0005_abuse_limits"),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="seller",
            options={"ordering": ("-id",), "verbose_name": "seller", "verbose_name_plural": "sellers"},
        ),
        migrations.AlterModelOptions(
            name="session",
            options={"verbose_name": "session", "verbose_name_plural": "sessions"},
        ),
        migrations.AlterField(
            model_name="auditevent",
            name="request_id",
            field=models.CharField(max_length=128, verbose_name="request"),
        ),
        migrations.AlterField(
            model_name="auditevent",
            name="subject_id",
            field=models.CharField(blank=True, max_length=64, verbose_name="its id"),
        ),
        migrations.AlterField(
            model_name="seller",
            name="company_name",
            field=models.CharField(max_length=200, verbose_name="company name"),
        ),
        migrations.AlterField(
            model_name="seller",
            name="created_at",
            field=models.DateTimeField(auto_now_add=True, verbose_name="created at"),
        ),
        migrations.AlterField(
            model_name="seller",
            name="daily_limit",
            field=models.DecimalField(
                blank=True, decimal_places=2, max_digits=20, null=True, verbose_name="daily limit"
            ),
        ),
        migrations.AlterField(
            model_name="seller",
            name="email",
            field=models.EmailField(max_length=254, verbose_name="email"),
        ),
        migrations.AlterField(
            model_name="seller",
            name="phone_number",
            field=models.CharField(blank=True, max_length=16, verbose_name="phone number"),
        ),
        migrations.AlterField(
            model_name="seller",
            name="status",
            field=models.CharField(
                choices=[("pending", "Pending"), ("active", "Active"), ("suspended", "Suspended")],
                default="pending",
                max_length=16,
                verbose_name="status",
            ),
        ),
        migrations.AlterField(
            model_name="session",
            name="created_at",
            field=models.DateTimeField(auto_now_add=True, verbose_name="created at"),
        ),
        migrations.AlterField(
            model_name="session",
            name="expires_at",
            field=models.DateTimeField(db_index=True, verbose_name="expires at"),
        ),
        migrations.AlterField(
            model_name="session",
            name="revoked_at",
            field=models.DateTimeField(blank=True, null=True, verbose_name="revoked at"),
        ),
        migrations.AlterField(
            model_name="session",
            name="user",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="sessions",
                to=settings.AUTH_USER_MODEL,
                verbose_name="user",
            ),
        ),
        migrations.AlterField(
            model_name="user",
            name="email",
            field=models.EmailField(blank=True, max_length=254, verbose_name="email"),
        ),
        migrations.AlterField(
            model_name="user",
            name="seller",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="users",
                to="accounts.seller",
                verbose_name="seller",
            ),
        ),
        migrations.AlterField(
            model_name="user",
            name="seller_role",
            field=models.CharField(
                blank=True,
                choices=[("owner", "Owner"), ("operator", "Operator"), ("viewer", "Viewer")],
                max_length=16,
                verbose_name="seller role",
            ),
        ),
    ]
