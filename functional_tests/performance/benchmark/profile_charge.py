"""Where the time of a charge goes: run charges in this process, through every layer but HTTP, under cProfile.

python -m functional_tests.performance.benchmark.profile_charge --charges 2000
"""

import argparse
import cProfile
import io
import json
import logging
import os
import pstats
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from functional_tests.performance.benchmark.processor_time import processor_seconds
from functional_tests.performance.benchmark.stage import open_stage, postmaster_pid

WARM_UP = 200
CHARGE = {"phone_number": "09121234567", "amount": "1000.00"}
Call = Callable[[], object]


def main(arguments: Sequence[str]) -> None:
    """Profile as the command line asks and print what was found."""
    options = _parse(arguments)
    with open_stage() as postgres:
        call = _make_call(options.what)
        _repeat(call, WARM_UP)
        database_pid = postmaster_pid(postgres)
        own, database = time.process_time(), processor_seconds(database_pid)
        _repeat(call, options.charges)
        own, database = time.process_time() - own, processor_seconds(database_pid) - database
        profile = cProfile.Profile()
        profile.runcall(_repeat, call, options.charges)
        if options.output:
            profile.dump_stats(options.output)
        print(_top(profile, options.sort, options.top))
        milliseconds = [f"{seconds * 1000 / options.charges:.3f} ms" for seconds in (own, database)]
        print(f"CPU per {options.what}, without the profiler: app {milliseconds[0]}, PostgreSQL {milliseconds[1]}")


def _parse(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="profile_charge", description=__doc__.split("\n")[0])
    add = parser.add_argument
    add("--charges", type=int, default=2000, help="how many; default 2000")
    add("--what", choices=("charge", "ceiling", "balance", "history"), default="charge", help="which request")
    add("--sort", choices=("tottime", "cumulative", "ncalls"), default="tottime")
    add("--top", type=int, default=40, help="how many functions to print")
    add("--output", type=Path, help="also write the profile for snakeviz and the like")
    return parser.parse_args(arguments)


def _repeat(call: Call, times: int) -> None:
    for _ in range(times):
        call()


def _top(profile: cProfile.Profile, sort: str, count: int) -> str:
    text = io.StringIO()
    pstats.Stats(profile, stream=text).strip_dirs().sort_stats(sort).print_stats(count)
    return text.getvalue()


def _make_call(what: str) -> Call:
    """Return a function that makes one request of the WSGI application, the middleware included."""
    from django.core.wsgi import get_wsgi_application

    from functional_tests.performance.benchmark.sellers import make_members, make_staff

    application = get_wsgi_application()
    [member] = make_members(1, make_staff())
    _log_to_nowhere()
    method, path = {
        "charge": ("POST", "/api/v1/charges/"),
        "ceiling": ("POST", "/ceiling/"),
        "balance": ("GET", "/api/v1/sellers/me/balance/"),
        "history": ("GET", "/api/v1/transactions/"),
    }[what]
    environments = _environments(method, path, member.token)

    def start_response(status: str, *_: object) -> Callable[[bytes], object]:
        if not status.startswith("2"):
            sys.exit(f"Error: the {what} was answered with {status}.")
        return io.BytesIO().write

    def call() -> None:
        answer = application(next(environments), start_response)
        b"".join(answer)
        getattr(answer, "close", lambda: None)()  # as a server does: it ends Django's request

    return call


def _log_to_nowhere() -> None:
    """Let the service log as it does, which costs time, but not between the lines of the profile."""
    logging.disable(logging.NOTSET)
    for handler in logging.getLogger().handlers:
        if isinstance(handler, logging.StreamHandler):
            handler.setStream(open(os.devnull, "w"))  # noqa: SIM115  (until the process ends)


def _environments(method: str, path: str, token: str) -> Iterator[dict[str, Any]]:
    """Yield WSGI environments, each with an idempotency key of its own."""
    body = json.dumps(CHARGE).encode() if method == "POST" else b""
    number = 0
    while True:
        number += 1
        yield {
            "REQUEST_METHOD": method,
            "PATH_INFO": path,
            "QUERY_STRING": "",
            "SERVER_NAME": "127.0.0.1",
            "SERVER_PORT": "80",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "REMOTE_ADDR": "127.0.0.1",
            "HTTP_HOST": "127.0.0.1",
            "HTTP_AUTHORIZATION": f"Bearer {token}",
            "HTTP_IDEMPOTENCY_KEY": f"profile-{number:09d}",
            "CONTENT_TYPE": "application/json",
            "CONTENT_LENGTH": str(len(body)),
            "wsgi.input": io.BytesIO(body),
            "wsgi.errors": sys.stderr,
            "wsgi.url_scheme": "http",
        }


if __name__ == "__main__":
    main(sys.argv[1:])
