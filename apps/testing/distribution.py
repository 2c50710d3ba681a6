"""pytest plugin: which process of pytest-xdist runs which tests, and in which order."""

import pytest
from django.core.management import call_command
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

# Tests that share a server that is slow to start; all others of a file stay together.
FOLDERS = ("functional_tests/browser/", "apps/core/database/tests/replica/")
# They take longest, so they come first: otherwise one process would still work on them when the others have ended.
FIRST = (
    "functional_tests/browser/",
    "functional_tests/faults/tests/test_faults.py",
    "functional_tests/",
    "apps/core/database/",
    "apps/core/tests/",
    "apps/transactions/tests/",
    "apps/testing/",
    "apps/console/",
)


class Distribution(LoadScopeScheduling):  # type: ignore[misc]  # the library has no types
    """Gives the files, or folders, to the processes in the order in which their first tests were collected."""

    def _split_scope(self, nodeid: str) -> str:
        return next((folder for folder in FOLDERS if nodeid.startswith(folder)), nodeid.partition("::")[0])


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_setupnodes() -> None:
    """Collect the static files before: servers of several processes would write them into one folder at once."""
    call_command("collectstatic", interactive=False, verbosity=0)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Distribution:
    """Replace the schedulers of `--dist`."""
    config.option.loadscopereorder = False
    return Distribution(config, log)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Put the longest first in each process; a process alone keeps them for the end."""
    if hasattr(config, "workerinput"):
        items.sort(key=lambda item: _rank(item.nodeid))


def _rank(nodeid: str) -> int:
    return next((rank for rank, start in enumerate(FIRST) if nodeid.startswith(start)), len(FIRST))
