"""Refuse to change the note of a credit request: it is part of what the request asks for.

Locks: none that reads or writes wait for.
"""

from importlib import import_module

from django.db import migrations

_FINAL: str = import_module("apps.credit_requests.migrations.0003_decisions_are_final").FINAL
_FUNCTION = _FINAL[: _FINAL.index("CREATE TRIGGER")].replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION")
_WITH_NOTE = _FUNCTION.replace("NEW.amount,", "NEW.amount, NEW.note,").replace("OLD.amount,", "OLD.amount, OLD.note,")


class Migration(migrations.Migration):
    dependencies = [("credit_requests", "0005_names_for_people")]

    operations = [migrations.RunSQL(_WITH_NOTE, _FUNCTION)]
