"""Names of models and fields as people read them, to be translated. Changes no table."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0006_names_for_people"),
        ("credit_requests", "0004_second_approval"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="creditrequest",
            options={"ordering": ("-id",), "verbose_name": "credit request", "verbose_name_plural": "credit requests"},
        ),
        migrations.AlterField(
            model_name="creditrequest",
            name="amount",
            field=models.DecimalField(decimal_places=2, max_digits=20, verbose_name="amount"),
        ),
        migrations.AlterField(
            model_name="creditrequest",
            name="first_approved_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="first approved by",
            ),
        ),
        migrations.AlterField(
            model_name="creditrequest",
            name="note",
            field=models.CharField(blank=True, max_length=500, verbose_name="note"),
        ),
        migrations.AlterField(
            model_name="creditrequest",
            name="processed_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="processed by",
            ),
        ),
        migrations.AlterField(
            model_name="creditrequest",
            name="rejection_reason",
            field=models.CharField(blank=True, max_length=500, verbose_name="reason of the rejection"),
        ),
        migrations.AlterField(
            model_name="creditrequest",
            name="requested_at",
            field=models.DateTimeField(auto_now_add=True, verbose_name="requested at"),
        ),
        migrations.AlterField(
            model_name="creditrequest",
            name="requested_by",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="requested by",
            ),
        ),
        migrations.AlterField(
            model_name="creditrequest",
            name="seller",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="credit_requests",
                to="accounts.seller",
                verbose_name="seller",
            ),
        ),
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
                verbose_name="status",
            ),
        ),
    ]
