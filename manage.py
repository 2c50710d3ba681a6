#!/usr/bin/env python
"""The entry point of all commands. A wrong setting is one line on stderr; DEBUG_TRACEBACK=1 shows the traceback."""

import os
import sys

# These change the schema or empty tables, so they log in as the role that owns them; all others as the application.
OWNER_COMMANDS = ("migrate", "flush", "createcachetable", "test", "testserver")


def main() -> None:
    """Run the command in `sys.argv`."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.local")
    if sys.argv[1:2] and sys.argv[1] in OWNER_COMMANDS:
        os.environ.setdefault("DATABASE_ROLE", "owner")
    _load_settings()
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


def _load_settings() -> None:
    """Load the settings before Django does: it would report a missing one in many ways, by command."""
    try:
        from django.conf import settings
    except ImportError:
        sys.exit("Error: Django is not installed here. Use `make run`, or .venv/bin/python manage.py.")
    if sys.argv[1:2] == ["generate_secret_key"]:  # makes the one setting without which none can be loaded
        settings.configure(INSTALLED_APPS=["django.contrib.contenttypes", "apps.core"])
    if not settings.configured:
        settings.INSTALLED_APPS  # noqa: B018  (settings are loaded on first use)


def _is_plain(error: Exception) -> bool:
    """Tell whether an error's first line says all: a wrong setting or an unreachable database, not a bug."""
    import psycopg2
    from django.core.exceptions import ImproperlyConfigured
    from django.db.utils import OperationalError

    from apps.core.database.embedded.server import EmbeddedPostgresError

    return isinstance(error, (ImproperlyConfigured, EmbeddedPostgresError, OperationalError, psycopg2.OperationalError))


def _is_stopped_database(line: str) -> bool:
    return line.startswith("connection to server on socket") and not os.environ.get("DATABASE_HOST")


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
    except Exception as error:
        if os.environ.get("DEBUG_TRACEBACK") or not _is_plain(error):
            raise
        line = str(error).strip().splitlines()[0]
        hint = ". Start it with `manage.py db start`." if _is_stopped_database(line) else ""
        sys.exit(f"Error: {line}{hint}")
