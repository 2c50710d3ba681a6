"""`make fault-test`: one fault after the other, each with its verdict; exits with 1 if money was lost or made."""

import argparse
import logging
import os
import secrets
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from random import Random

from apps.core.database.embedded.server import EmbeddedPostgres
from functional_tests.faults.catalogue import FAULTS, Fault
from functional_tests.faults.database_faults import small_disk
from functional_tests.faults.machine_faults import build_moved_clock, log_in, memory_groups
from functional_tests.faults.proxy import RandomCutter, proxy
from functional_tests.faults.scene import Scene, sold_entries
from functional_tests.faults.verdict import judge, recovery_seconds, summarise
from functional_tests.ledger_complaints import ledger_complaints
from functional_tests.performance.benchmark.gunicorn_server import Server, serve
from functional_tests.performance.benchmark.stage import open_stage
from functional_tests.server import free_port

CLIENTS, SELLERS = 4, 2
WARM_UP_SECONDS = 1.0
MEAN_BYTES_BETWEEN_CUTS = {"": 1, "clients": 10_000, "database": 60_000}
_POSTGRES_SOCKET = ".s.PGSQL.5432"


def main() -> int:
    """Run the chosen faults and return the exit code."""
    arguments = _parse()
    os.environ.setdefault("LOG_LEVEL", "WARNING")
    print(f"seed {arguments.seed}", flush=True)
    failed = []
    with open_stage() as postgres, tempfile.TemporaryDirectory(prefix="sharj-faults-") as scratch, ExitStack() as stack:
        logging.getLogger("sharj.security").setLevel(logging.ERROR)  # not of this process's own users
        server = stack.enter_context(serve(Path(scratch) / "gunicorn.log", {}))
        for fault in _selected(arguments):
            folder = Path(scratch) / fault.name
            folder.mkdir()
            if not _run(fault, postgres, server, folder, Random(f"{arguments.seed} {fault.name}")):
                failed.append(fault.name)
    print(f"seed {arguments.seed}: " + (f"FAILED: {', '.join(failed)}" if failed else "every fault survived"))
    return 1 if failed else 0


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m functional_tests.faults", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="only those that run in CI")
    parser.add_argument("--only", nargs="+", choices=[fault.name for fault in FAULTS], help="only these")
    parser.add_argument("--seed", default=secrets.token_hex(4), help="repeat the choices of an earlier run")
    return parser.parse_args()


def _selected(arguments: argparse.Namespace) -> Sequence[Fault]:
    chosen = [fault for fault in FAULTS if not arguments.only or fault.name in arguments.only]
    if arguments.quick:
        chosen = [fault for fault in chosen if fault.is_quick]
    for fault in tuple(chosen):
        if reason := _why_not(fault):
            print(f"{fault.name}: skipped: {reason}")
            chosen.remove(fault)
    return chosen


def _why_not(fault: Fault) -> str:
    """Return the reason why this machine cannot run `fault`, or an empty text."""
    if fault.needs_small_disk and os.geteuid() != 0:
        return "mounting a small disk needs root"
    if fault.needs_memory_group and memory_groups() is None:
        return "no group with a limit of memory (cgroup) can be made here"
    if fault.clock_offset_seconds and not shutil.which("cc"):
        return "moving the clock needs a C compiler"
    return ""


def _run(fault: Fault, postgres: EmbeddedPostgres, server: Server, folder: Path, rng: Random) -> bool:
    """Run one fault under load and print its verdict."""
    cutter = RandomCutter(rng, MEAN_BYTES_BETWEEN_CUTS[fault.proxied])
    with ExitStack() as stack:
        if fault.needs_small_disk:
            stack.enter_context(small_disk(postgres))
        port, pid = stack.enter_context(_addressed(fault, postgres, server, folder, cutter))
        scene = Scene(fault.name, postgres, pid, port, _tokens(fault, port), rng, folder, cutter)
        with scene.load():
            scene.await_sales(since=0)
            time.sleep(WARM_UP_SECONDS)
            fault.run(scene)
            lifted_at = time.monotonic()
            scene.await_sales(since=lifted_at)
        attempts = scene.attempts()
        entries = sold_entries(postgres.connection("superuser"), f"{fault.name}-")
        recovery = recovery_seconds(attempts, lifted_at)
        scene.complaints += judge(attempts, entries) + _ledger_complaints()
        scene.require(recovery is not None, "not every client could sell again")
    print(f"\n{fault.name}: {'; '.join(scene.notes) or 'done'}; {len(entries):,} charges in the ledger")
    print(f"  clients saw: {summarise(attempts)}")
    print(f"  healthy again after {'-' if recovery is None else f'{recovery:.2f}'} s")
    print(
        "  verdict: " + ("; ".join(scene.complaints[:5]) if scene.complaints else "nothing lost, nothing doubled"),
        flush=True,
    )
    return not scene.complaints


@contextmanager
def _addressed(
    fault: Fault, postgres: EmbeddedPostgres, server: Server, folder: Path, cutter: RandomCutter
) -> Iterator[tuple[int, int]]:
    """Yield the port that clients use and the pid of gunicorn, with a proxy where the fault wants one."""
    if fault.proxied == "clients":
        port = free_port()
        with proxy(port, server.port, cutter):
            yield port, server.pid
    elif fault.proxied == "database":
        real = Path(postgres.connection()["HOST"]) / _POSTGRES_SOCKET
        login = {f"DATABASE_{name}": value for name, value in postgres.connection("app").items()}
        through_proxy = {**login, "DATABASE_HOST": str(folder)}
        with proxy(folder / _POSTGRES_SOCKET, real, cutter), serve(folder / "log", through_proxy) as own:
            yield own.port, own.pid
    elif fault.clock_offset_seconds:
        moved = {"LD_PRELOAD": str(build_moved_clock(folder)), "CLOCK_OFFSET_SECONDS": str(fault.clock_offset_seconds)}
        with serve(folder / "log", moved) as own:
            yield own.port, own.pid
    else:
        yield server.port, server.pid


def _tokens(fault: Fault, port: int) -> list[str]:
    """Make sellers with money and return a token for each client; clients share sellers, so they meet at the locks."""
    from apps.accounts.models import User
    from functional_tests.performance.benchmark.sellers import make_members, make_staff

    members = make_members(SELLERS, make_staff())
    tokens = [member.token for member in members]
    if fault.clock_offset_seconds:  # tokens of another clock are too old, or not yet good
        password = secrets.token_urlsafe(20)
        for number, member in enumerate(members):
            owner = User.objects.get(pk=member.owner_id)
            owner.set_password(password)
            owner.save()
            tokens[number] = log_in(port, owner.username, password)
    return [tokens[number % SELLERS] for number in range(CLIENTS)]


def _ledger_complaints() -> list[str]:
    """Return the complaints of the operators' own commands about the whole ledger."""
    from django.db import connections

    connections.close_all()
    complaints = ledger_complaints()
    connections.close_all()
    return complaints


if __name__ == "__main__":
    sys.exit(main())
