"""The last word on an attack or a fault: the operators' own commands, over the whole ledger."""

from io import StringIO


def ledger_complaints() -> list[str]:
    """Return what `reconcile_balances` and `verify_ledger` find wrong; Django must be set up."""
    from django.core.management import call_command

    complaints = []
    for command in ("reconcile_balances", "verify_ledger"):
        output = StringIO()
        try:
            call_command(command, stdout=output)
        except SystemExit:
            complaints.append(f"{command}: {output.getvalue().strip()}")
    return complaints
