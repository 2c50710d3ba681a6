"""A new action of the audit trail. The trail's table is not changed."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0019_search"),
    ]

    operations = [
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
                    ("end sessions", "end sessions"),
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
                    ("resolve", "resolve"),
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
    ]
