"""Keep phone numbers of sellers as E.164 in ASCII.

A stored number with digits of another script gets ASCII ones; anything else that is not an E.164 number is cleared.
Locks: ACCESS EXCLUSIVE on the short table of sellers for an instant.
"""

import re

from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.models import Q

from apps.core.values.phones import ascii_digits

E164 = r"^\+[0-9]{4,15}$"


def correct_phone_numbers(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Rewrite or clear the numbers that the constraint would refuse."""
    sellers = apps.get_model("accounts", "Seller").objects.using(schema_editor.connection.alias)
    for seller in sellers.exclude(Q(phone_number="") | Q(phone_number__regex=E164)).only("pk", "phone_number"):
        number = ascii_digits(seller.phone_number)
        sellers.filter(pk=seller.pk).update(phone_number=number if re.fullmatch(E164, number) else "")


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0012_second_factor"),
    ]

    operations = [
        migrations.RunPython(correct_phone_numbers, migrations.RunPython.noop, elidable=True),
        migrations.AddConstraint(
            model_name="seller",
            constraint=models.CheckConstraint(
                condition=models.Q(("phone_number", ""), ("phone_number__regex", E164), _connector="OR"),
                name="seller_phone_number_e164",
            ),
        ),
    ]
