"""A new version under load: `deploy/update.sh` loses no request, and moves no traffic to a version that would."""

from __future__ import annotations

import json
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from functional_tests.production.compose.selling import books_agree, p99, sell, sell_while
from functional_tests.production.compose.setup import Setup

pytestmark = pytest.mark.timeout(1_200)
COMMAND = "deploy/update.sh"
SALES = "500"
MIGRATION = """
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("credit_requests", "{newest}")]
    operations = [{operation}]
"""
GOOD = 'migrations.AddField("creditrequest", "extra", models.TextField(null=True))'
BAD = 'migrations.RemoveField("creditrequest", "note")'


@pytest.fixture
def new_version(production: Setup) -> Iterator[Path]:
    """The clone with a change that is seen from outside; the folder of an app's migrations is yielded."""
    urls = production.checkout / "config/urls.py"
    former = urls.read_text()
    urls.write_text(former.replace('title="Sharj API"', 'title="The next version"'))
    folder = production.checkout / "apps/credit_requests/migrations"
    yield folder
    urls.write_text(former)


def plan(folder: Path, operation: str) -> Path:
    """Add a migration."""
    newest = max(path.stem for path in folder.glob("0*.py"))
    file = folder / "9999_planned.py"
    file.write_text(MIGRATION.format(newest=newest, operation=operation))
    return file


def titles(setup: Setup) -> Counter[str]:
    """Return the versions that answer."""
    return Counter(json.loads(setup.get("/swagger.json")[1])["info"]["title"] for _ in range(8))


def replicas(setup: Setup) -> set[str]:
    return {container["Id"] for container in setup.containers("app")}


def test_a_migration_that_the_running_version_could_not_live_with_is_refused(
    production: Setup, new_version: Path
) -> None:
    former, file = replicas(production), plan(new_version, BAD)
    done = subprocess.run(
        [production.checkout / COMMAND],
        cwd=production.checkout,
        env=production.environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    file.unlink()
    assert done.returncode != 0
    assert "DROPPING columns (table: credit_requests_creditrequest, column: note)" in done.stdout + done.stderr
    assert replicas(production) == former
    assert titles(production) == {"Sharj API": 8}
    sell(production, "after the refusal", "200")  # the column is still there: credit requests have a note


def test_a_new_version_under_load_loses_no_request(production: Setup, new_version: Path) -> None:
    former = replicas(production)
    plan(new_version, GOOD)
    sold = sell_while(production, "during the update", SALES, lambda: _update(production))
    print(f"\nrolling update: {len(sold.requests)} requests, failed: {sum(sold.errors.values())}, "
          f"repeated by clients: {sold.resent}, p99 {p99(sold.requests):.3f} s")  # fmt: skip
    assert (sold.errors, sold.resent) == ({}, 0)
    now = replicas(production)
    assert len(now) == len(former) == 2
    assert not now & former
    assert titles(production) == {"The next version": 8}
    production.settled()
    books_agree(production)


def _update(setup: Setup) -> None:
    began = time.monotonic()
    print(f"\n{setup.shell(COMMAND)[-300:]}update took {time.monotonic() - began:.0f} s")
