"""Comparisons with the books of operators. New tables; no lock on others but for a foreign key, an instant."""

import django.db.models.deletion
import django.db.models.functions.datetime
import uuid_utils.compat
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("delivery", "0002_refusals"),
    ]

    operations = [
        migrations.CreateModel(
            name="BookComparison",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("day", models.DateField(verbose_name="day")),
                (
                    "at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False, verbose_name="time"
                    ),
                ),
                ("file_name", models.CharField(max_length=200, verbose_name="file")),
                ("file_sha256", models.CharField(max_length=64, verbose_name="digest of the file")),
                ("rows", models.PositiveIntegerField(verbose_name="rows of the operator")),
                ("agreeing", models.PositiveIntegerField(verbose_name="agreeing")),
                ("open_here", models.PositiveIntegerField(verbose_name="not settled here")),
                ("discrepancies", models.PositiveIntegerField(verbose_name="discrepancies")),
                (
                    "operator",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="delivery.operator",
                        verbose_name="operator",
                    ),
                ),
            ],
            options={
                "verbose_name": "comparison of books",
                "verbose_name_plural": "comparisons of books",
                "ordering": ("-id",),
            },
        ),
        migrations.CreateModel(
            name="BookDiscrepancy",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("missing_here", "Missing here"),
                            ("missing_there", "Missing there"),
                            ("other_amount", "Other amount"),
                            ("other_outcome", "Other outcome"),
                            ("repeated_there", "More than once there"),
                        ],
                        max_length=16,
                        verbose_name="kind",
                    ),
                ),
                ("reference", models.CharField(max_length=64, verbose_name="reference")),
                ("here", models.CharField(blank=True, max_length=64, verbose_name="here")),
                ("there", models.CharField(blank=True, max_length=64, verbose_name="there")),
                (
                    "comparison",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="found", to="delivery.bookcomparison"
                    ),
                ),
            ],
            options={
                "ordering": ("id",),
            },
        ),
        migrations.AddIndex(
            model_name="bookcomparison",
            index=models.Index(fields=["operator", "id"], name="book_comparison_by_operator"),
        ),
        migrations.RunSQL(
            """
            CREATE TRIGGER comparisons_are_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON delivery_bookcomparison
            FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
            CREATE TRIGGER discrepancies_are_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON delivery_bookdiscrepancy
            FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
            """,
            """
            DROP TRIGGER comparisons_are_append_only ON delivery_bookcomparison;
            DROP TRIGGER discrepancies_are_append_only ON delivery_bookdiscrepancy;
            """,
        ),
    ]
