"""Reads for the tests of this folder, and the statements that each server got."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connections
from django.test.utils import CaptureQueriesContext
from prometheus_client import REGISTRY

from apps.testing.api import Caller


@contextmanager
def asked(alias: str = "replica") -> Iterator[list[str]]:
    """Collect the statements that are sent to a server, without those for its position."""
    with CaptureQueriesContext(connections[alias]) as queries:
        statements: list[str] = []
        yield statements
    statements += [query["sql"] for query in queries if "lsn" not in query["sql"]]


def failures(reason: str) -> float:
    return REGISTRY.get_sample_value("sharj_database_replica_failures_total", {"reason": reason}) or 0.0


def export(caller: Caller) -> int:
    """Return the number of lines after the header."""
    answer = caller.get("transactions/", Accept="text/csv")
    assert answer.status == 200
    return len(answer.content.decode().splitlines()) - 1
