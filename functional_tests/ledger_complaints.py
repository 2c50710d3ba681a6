"""Check of the whole ledger after an attack or a fault, by the operators' own commands."""

from io import StringIO


def ledger_complaints() -> list[str]:
    """Return the faults that `reconcile_balances` and `verify_ledger` find; Django must be set up."""
    from django.core.management import call_command

    complaints = []
    for command in ("reconcile_balances", "verify_ledger"):
        output = StringIO()
        try:
            call_command(command, stdout=output)
        except SystemExit:
            complaints.append(f"{command}: {output.getvalue().strip()}")
    return complaints
