"""Refuse a release whose migrations the version that is still running could not live with."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from django_migration_linter import MigrationLinter


class Command(BaseCommand):
    """Read the SQL of the migrations that are not applied yet; change nothing."""

    help = (
        "Refuse migrations, not applied yet, that would break the version that is running: columns and tables that are "
        "dropped or renamed, columns that must be given, types that change, new unique constraints."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        """Raise CommandError if a migration is refused."""
        if not MigrationRecorder(connection).applied_migrations():
            self.stdout.write("The database is new: no other version is running.")
            return
        linter = MigrationLinter(
            only_unapplied_migrations=True,
            no_cache=True,
            analyser_string="postgresql",
            quiet=["ok", "ignore"],
            exclude_apps=["procrastinate"],  # of its many steps the first ones make what later ones change (ADR 25)
        )
        linter.lint_all_migrations()
        if linter.has_errors:
            raise CommandError("The version that is running could not live with these migrations: docs/operations.md.")
        self.stdout.write("Migrations that are to be applied, if any, leave the running version working.")
