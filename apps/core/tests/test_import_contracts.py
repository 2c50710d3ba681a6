"""The import contracts of pyproject.toml, each broken once in a copy of the tree."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from config.env_file import REPOSITORY

BREAKS = (
    ("Apps know only the apps below them", "apps/accounts/audit.py", "import apps.transactions.models"),
    ("Apps know only the apps below them", "apps/core/errors.py", "import apps.console.framework.display"),
    ("Apps know only the apps below them", "apps/reports/sales.py", ""),
    ("Only tests import apps.testing", "apps/accounts/sellers/services.py", "import apps.testing.factories"),
    (
        "Only services that move money import the ledger",
        "apps/transactions/totals/figures.py",
        "import apps.transactions.ledger.locking",
    ),
    (
        "Only services that move money import the ledger",
        "apps/transactions/charges/views.py",
        "import apps.transactions.ledger.write",
    ),
    (
        "Only services that move money import the ledger",
        "apps/transactions/entries/export.py",
        "import apps.transactions.ledger.postings",
    ),
    (
        "Only services that move money import the ledger",
        "apps/console/panels/money.py",
        "import apps.transactions.ledger.write",
    ),
    ("The domain does not know HTTP", "apps/transactions/reconciliation/reconcile.py", "import rest_framework.views"),
    ("The domain does not know HTTP", "apps/transactions/ledger/write.py", "import rest_framework.views"),
    ("The domain does not know HTTP", "apps/transactions/charges/services.py", "import rest_framework.views"),
    ("The domain does not know HTTP", "apps/delivery/calls.py", "import rest_framework.views"),
    ("The domain does not know HTTP", "apps/credit_requests/models.py", "import rest_framework.views"),
    ("Layers of core", "apps/core/values/money.py", "import apps.core.observability.events"),
    ("Layers of core", "apps/core/database/replica.py", "import apps.core.limits.redis_link"),
    ("Layers of core", "apps/core/odds_and_ends.py", ""),
    ("Layers inside the packages of core", "apps/core/values/money.py", "import apps.core.values.phones"),
    ("Layers inside the packages of core", "apps/core/api/odds_and_ends.py", ""),
    ("Layers of accounts and of transactions", "apps/accounts/models.py", "import apps.accounts.audit"),
    ("Layers of accounts and of transactions", "apps/accounts/roles.py", "import apps.accounts.models"),
    ("Layers of accounts and of transactions", "apps/transactions/odds_and_ends.py", ""),
    (
        "Layers inside a feature",
        "apps/transactions/charges/services.py",
        "import apps.transactions.charges.views",
    ),
    ("Layers inside a feature", "apps/transactions/charges/odds_and_ends.py", ""),
    ("Layers of webhooks", "apps/notifications/webhooks/secrets.py", "import apps.notifications.webhooks.services"),
    ("Layers of webhooks", "apps/notifications/webhooks/odds_and_ends.py", ""),
    ("Layers inside the ledger", "apps/transactions/ledger/locking.py", "import apps.transactions.ledger.write"),
    ("Layers inside the ledger", "apps/transactions/ledger/odds_and_ends.py", ""),
    ("Layers of delivery", "apps/delivery/services.py", "import apps.delivery.calls"),
    ("Layers of delivery", "apps/delivery/adapters/protocol.py", "import apps.delivery.adapters.http_json"),
    ("Layers of delivery", "apps/delivery/odds_and_ends.py", ""),
    ("Layers of the console", "apps/console/framework/display.py", "import apps.console.panels.money"),
    ("Layers of the console", "apps/console/odds_and_ends.py", ""),
)


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the sources and of the contracts."""
    copy = tmp_path_factory.mktemp("tree")
    shutil.copytree(REPOSITORY / "apps", copy / "apps", ignore=shutil.ignore_patterns("__pycache__", "static"))
    shutil.copy(REPOSITORY / "pyproject.toml", copy)
    return copy


def lint(tree: Path) -> subprocess.CompletedProcess[str]:
    """Run import-linter as `make check` does."""
    program = Path(sys.executable).with_name("lint-imports")
    return subprocess.run([program, "--no-cache"], cwd=tree, capture_output=True, text=True, timeout=60)


def test_all_contracts_are_kept(tree: Path) -> None:
    done = lint(tree)
    assert done.returncode == 0, done.stdout
    for contract, _, _ in BREAKS:
        assert f"{contract} KEPT" in done.stdout


@pytest.mark.parametrize(("contract", "file", "forbidden_import"), BREAKS)
def test_a_forbidden_import_or_an_undeclared_module_is_refused(
    tree: Path, contract: str, file: str, forbidden_import: str
) -> None:
    target = tree / file
    before = target.read_text() if target.exists() else None
    target.parent.mkdir(exist_ok=True)
    (target.parent / "__init__.py").touch()
    try:
        target.write_text(f"{before or ''}\n{forbidden_import}\n")
        done = lint(tree)
    finally:
        if before is None:
            target.unlink()
            if target.parent.name == "reports":
                shutil.rmtree(target.parent)
        else:
            target.write_text(before)
    assert done.returncode == 1, done.stdout
    assert f"{contract} BROKEN" in done.stdout
