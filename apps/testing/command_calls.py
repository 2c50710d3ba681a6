"""Commands of `manage.py`, run in the process of the test."""

from io import StringIO

from django.core.management import call_command


def run_command(name: str, *arguments: object) -> tuple[int, str]:
    """Run a command; return its exit code and what it wrote."""
    out = StringIO()
    try:
        call_command(name, *map(str, arguments), stdout=out)
    except SystemExit as end:
        return int(str(end.code)), out.getvalue()
    return 0, out.getvalue()
