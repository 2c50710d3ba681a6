"""Look for the request of a credit among its seller's: an id alone would ask every shard (ADR 39).

It also refuses a credit whose request is another seller's, which the request's own check refused before.
Locks: none that reads or writes wait for.
"""

from importlib import import_module

from django.db import migrations

_ENTERED: str = import_module("apps.credit_requests.migrations.0003_decisions_are_final").ENTERED
_FUNCTION = _ENTERED[_ENTERED.index("CREATE FUNCTION entry_check_credit_request") :]
_FUNCTION = _FUNCTION[: _FUNCTION.index("CREATE CONSTRAINT")].replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION")
_WITH_SELLER = _FUNCTION.replace(
    "WHERE request.id = NEW.credit_request_id AND",
    "WHERE request.seller_id = NEW.seller_id AND request.id = NEW.credit_request_id AND",
)


class Migration(migrations.Migration):
    dependencies = [("credit_requests", "0006_note_is_fixed")]

    operations = [migrations.RunSQL(_WITH_SELLER, _FUNCTION)]
