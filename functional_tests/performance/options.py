"""The options of the command line, with their defaults."""

from __future__ import annotations

import argparse
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from sharj import Login

from functional_tests.performance.fleet import ExecutorKind
from functional_tests.performance.settings import default_base_url


@dataclass(frozen=True, slots=True)
class LoadOptions:
    """The load to make; the results repeat it."""

    base_url: str
    sellers: int
    num_requests: int
    credit_requests: int
    executor: ExecutorKind
    workers: int
    seed: int
    replay_fraction: float


@dataclass(frozen=True, slots=True)
class Options:
    """Everything from the command line; ``admin`` is not logged in yet."""

    load: LoadOptions
    admin: Login
    allow_remote: bool
    report: Path | None
    json: bool


def parse_options(arguments: Sequence[str], defaults: Mapping[str, str]) -> Options:
    """Parse the command line; exits with a usage error (2) on a wrong option."""
    parser = argparse.ArgumentParser(
        prog="test_load_transactions.py",
        description="Load a running Sharj server with sales over HTTP, then check every balance against "
        "what was sold and against the ledger. Exits non-zero on any difference or unexpected answer.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    add = parser.add_argument
    add("--sellers", type=_positive, default=2, help="sellers to register")
    add("--num-requests", type=_positive, default=1000, help="sales in total, over all sellers")
    add("--credit-requests", type=_positive, default=10, help="credit requests per seller, filed and approved first")
    add("--executor", choices=("process", "thread"), default="process", help="what a worker is")
    add("--workers", type=_positive, default=8, help="workers that sell at the same time")
    add("--base-url", default=default_base_url(defaults), help="where the server is")
    add("--allow-remote", action="store_true", help="allow a --base-url that is not on this machine")
    add("--admin-username", default=defaults.get("DJANGO_SUPERUSER_USERNAME", ""), help="who verifies and approves")
    # The default is not shown: it is a secret.
    add("--admin-password", help="its password (default: DJANGO_SUPERUSER_PASSWORD from the environment or .env)")
    add("--admin-token", help="an access token of the admin instead, for one with a second factor")
    add("--replay-fraction", type=_fraction, default=0.02, help="share of the sales sent twice with the same key")
    add("--seed", type=int, default=None, help="repeats the amounts and numbers of an earlier run (default: random)")
    add("--report", type=Path, metavar="DIR", help="write an HTML report into this folder")
    add("--json", action="store_true", help="print one JSON document on stdout, and the text on stderr")
    return _typed(parser.parse_args(arguments), defaults)


def _typed(parsed: argparse.Namespace, defaults: Mapping[str, str]) -> Options:
    load = LoadOptions(
        base_url=parsed.base_url,
        sellers=parsed.sellers,
        num_requests=parsed.num_requests,
        credit_requests=parsed.credit_requests,
        executor=parsed.executor,
        workers=parsed.workers,
        seed=secrets.randbelow(10**6) if parsed.seed is None else parsed.seed,
        replay_fraction=parsed.replay_fraction,
    )
    password = parsed.admin_password or defaults.get("DJANGO_SUPERUSER_PASSWORD", "")
    admin = Login.person(parsed.admin_username, password, is_staff=True)
    admin.access = parsed.admin_token or ""
    return Options(
        load=load,
        admin=admin,
        allow_remote=parsed.allow_remote,
        report=parsed.report,
        json=parsed.json,
    )


def _positive(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"{text} is not at least 1")
    return value


def _fraction(text: str) -> float:
    value = float(text)
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError(f"{text} is not between 0 and 1")
    return value
