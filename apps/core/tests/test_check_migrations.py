"""Migrations that break the running version are refused before they are applied."""

import shutil
import sys
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from pytest_django import Settings

import apps.credit_requests.migrations

MIGRATION = """
from django.db import migrations, models
from django_migration_linter import IgnoreMigration


class Migration(migrations.Migration):
    dependencies = [("credit_requests", "{newest}")]
    operations = [{operation}]
"""
GOOD = {
    "nullable column": 'migrations.AddField("creditrequest", "extra", models.TextField(null=True))',
    "column with a default": 'migrations.AddField("creditrequest", "extra", models.TextField(db_default=""))',
    "new table": 'migrations.CreateModel("Extra", [("id", models.BigAutoField(primary_key=True))])',
    "judged by its author": 'IgnoreMigration(), migrations.RemoveField("creditrequest", "note")',
}
BAD = {
    "dropped column": 'migrations.RemoveField("creditrequest", "note")',
    "renamed column": 'migrations.RenameField("creditrequest", "note", "remark")',
    "column that must be given": 'migrations.AddField("creditrequest", "extra", models.TextField(default=""))',
    "dropped table": 'migrations.DeleteModel("creditrequest")',
    "renamed table": 'migrations.AlterModelTable("creditrequest", "other")',
    "changed type": 'migrations.AlterField("creditrequest", "note", models.IntegerField())',
    "raw SQL": 'migrations.RunSQL("ALTER TABLE credit_requests_creditrequest DROP COLUMN note")',
}


def plan(tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch, operation: str) -> None:
    """Add a migration that is not applied to those of an app."""
    package = f"planned_{tmp_path.name}"
    folder = tmp_path / package
    shutil.copytree(Path(apps.credit_requests.migrations.__file__).parent, folder)
    newest = max(path.stem for path in folder.glob("0*.py"))
    (folder / "9999_planned.py").write_text(MIGRATION.format(newest=newest, operation=operation))
    monkeypatch.syspath_prepend(str(tmp_path))
    settings.MIGRATION_MODULES = {"credit_requests": package}
    sys.modules.pop(package, None)


@pytest.mark.django_db
@pytest.mark.parametrize("operation", GOOD.values(), ids=GOOD.keys())
def test_a_migration_that_only_adds_is_let_through(
    tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch, operation: str
) -> None:
    plan(tmp_path, settings, monkeypatch, operation)
    call_command("check_migrations")


@pytest.mark.django_db
@pytest.mark.parametrize("operation", BAD.values(), ids=BAD.keys())
def test_a_migration_that_breaks_the_running_version_is_refused(
    tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch, operation: str
) -> None:
    plan(tmp_path, settings, monkeypatch, operation)
    with pytest.raises(CommandError, match="could not live with these migrations"):
        call_command("check_migrations")


@pytest.mark.django_db
def test_what_is_applied_is_judged_no_more() -> None:
    call_command("check_migrations")


@pytest.mark.django_db
def test_a_new_database_has_no_version_to_break(
    tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    plan(tmp_path, settings, monkeypatch, BAD["dropped column"])
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL search_path = pg_catalog")  # as if the table were not there
    call_command("check_migrations")
    assert "The database is new" in capsys.readouterr().out
