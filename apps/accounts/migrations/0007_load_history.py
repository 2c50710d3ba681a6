"""The action that loads old entries. Changes no table and takes no lock that blocks others."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0006_names_for_people"),
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
                    ("set password", "set password"),
                    ("verify", "verify"),
                    ("suspend", "suspend"),
                    ("reactivate", "reactivate"),
                    ("approve first", "approve first, of two"),
                    ("approve", "approve"),
                    ("reject", "reject"),
                    ("reverse", "reverse"),
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
