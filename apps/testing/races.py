"""Races of threads (one process of gunicorn) and of processes (several), each with its own connection.

No model is imported at module level: a new process imports this module before Django is set up.
"""

import multiprocessing
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import closing, contextmanager
from threading import Barrier
from typing import Any, Protocol, TypeVar
from unittest import mock

import django
from django.db import DatabaseError, connections

from apps.core.database.logins import database_login
from apps.core.database.roles import open_database
from apps.core.errors import DomainError

START_TIMEOUT_SECONDS = 30

Result = TypeVar("Result")


class Gate(Protocol):
    """A barrier at which racers wait for each other."""

    def wait(self, timeout: float | None = None) -> int: ...


def race(*racers: Callable[[], Result]) -> list[Result]:
    """Run all at the same moment, a thread and a connection each; return what they returned, in their order."""
    from apps.transactions.charges import combining

    gate = Barrier(len(racers))

    def run(racer: Callable[[], Result]) -> Result:
        with closing(connections["default"]):
            _connect_patiently()
            gate.wait(START_TIMEOUT_SECONDS)
            return racer()

    # As patient as their connections.
    with mock.patch.object(combining, "TURN_SECONDS", 60.0), ThreadPoolExecutor(len(racers)) as pool:
        return list(pool.map(run, racers))


def outcome(act: Callable[[], object]) -> str:
    """Return `ok`, the code of the refusal, or the name of the database error that `act` ended with."""
    try:
        act()
    except DomainError as refusal:
        return refusal.code
    except DatabaseError as error:
        return type(error).__name__
    return "ok"


def race_processes(act: Callable[..., Result], arguments: Sequence[tuple[Any, ...]]) -> list[Result]:
    """Run `act` at the same moment in one new process for each tuple of arguments; it must be a module's function."""
    context = multiprocessing.get_context("spawn")
    gate = context.Barrier(len(arguments))
    settings = connections["default"].settings_dict
    login = {name: settings[name] for name in ("HOST", "PORT", "NAME", "USER", "PASSWORD", "OPTIONS")}
    with ProcessPoolExecutor(len(arguments), context, _join, (login, gate)) as pool:
        return [future.result() for future in [pool.submit(_run, act, *each) for each in arguments]]


def _connect_patiently() -> None:
    """Connect, with timeouts long enough for all racers to pass one lock on a busy machine."""
    with connections["default"].cursor() as cursor:
        cursor.execute("SET lock_timeout = '60s'; SET statement_timeout = '60s'")


@contextmanager
def wallet_locked_elsewhere(wallet_id: object) -> Iterator[None]:
    """Hold the wallet's row from another connection."""
    login = database_login("owner", connections["default"].settings_dict["NAME"])
    with open_database(login) as database, database.cursor() as cursor:
        database.autocommit = False
        cursor.execute("SELECT 1 FROM transactions_wallet WHERE seller_id = %s FOR NO KEY UPDATE", [str(wallet_id)])
        yield
        database.rollback()


_gate: Gate | None = None


def _join(login: Mapping[str, Any], gate: Gate) -> None:
    """Begin a new process: set Django up and use the test database."""
    global _gate  # an initializer of a pool can store it only here
    django.setup()
    connections["default"].settings_dict.update(login)
    _gate = gate


def _run(act: Callable[..., Result], *arguments: Any) -> Result:
    assert _gate is not None
    _connect_patiently()
    _gate.wait(START_TIMEOUT_SECONDS)
    return act(*arguments)
