"""Driver of PostgreSQL alone, with `pgbench`: the ceiling that the database sets for the same work."""

import os
import re
import subprocess
from collections.abc import Sequence
from pathlib import Path

from apps.core.database.embedded.server import EmbeddedPostgres
from apps.transactions.models import SALES_ACCOUNT
from functional_tests.performance.benchmark.drive import CONNECTIONS, Drive
from functional_tests.performance.benchmark.sellers import Member
from functional_tests.performance.errors import UnexpectedAnswer
from functional_tests.performance.results import percentile

SCRIPT = Path(__file__).with_name("pgbench.sql")
THREADS = 2


class Pgbench:
    """A driver that charges `members` in SQL, as the application's role."""

    def __init__(self, postgres: EmbeddedPostgres, folder: Path, members: Sequence[Member]) -> None:
        self._postgres, self._folder = postgres, folder
        self._script = folder / "charge.sql"
        text = SCRIPT.read_text().replace("SELLER_COUNT", str(len(members)))
        text = text.replace("(SELLERS)", _array([member.seller_id for member in members]))
        self._script.write_text(text.replace("(OWNERS)", _array([member.owner_id for member in members])))

    def __call__(self, *, seconds: int, run: int) -> Drive:
        """Charge for some seconds; raise `UnexpectedAnswer` if a transaction failed."""
        log = self._folder / f"run-{run}"
        command = [str(self._postgres.bin("pgbench")), "--no-vacuum", "--protocol=prepared"]
        command += [f"--client={CONNECTIONS}", f"--jobs={THREADS}", f"--time={seconds}", f"--file={self._script}"]
        command += [f"--define=sales_account={SALES_ACCOUNT}", "--log", f"--log-prefix={log}"]
        environment = {**os.environ, **libpq_environment(self._postgres)}
        finished = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        failed = re.search(r"number of failed transactions: (\d+)", finished.stdout)
        if finished.returncode or failed is None or int(failed[1]):
            raise UnexpectedAnswer(f"pgbench failed: {(finished.stderr or finished.stdout).strip().splitlines()[0]}")
        return _read(self._folder, log.name, seconds)


def libpq_environment(postgres: EmbeddedPostgres, role: str = "app") -> dict[str, str]:
    """Return the environment in which PostgreSQL's programs log in as `role`."""
    login = postgres.connection(role)
    names = {"PGHOST": "HOST", "PGPORT": "PORT", "PGDATABASE": "NAME", "PGUSER": "USER", "PGPASSWORD": "PASSWORD"}
    return {variable: login[name] for variable, name in names.items()}


def _array(ids: Sequence[object]) -> str:
    return "(ARRAY[" + ",".join(f"'{value}'" for value in ids) + "]::uuid[])"


def _read(folder: Path, prefix: str, seconds: int) -> Drive:
    """Read and delete the logs, which have a line for each transaction: client, number, microseconds, and more."""
    latencies = []
    for file in folder.glob(f"{prefix}.*"):
        latencies += [int(line.split()[2]) / 1000 for line in file.read_text().splitlines()]
        file.unlink()
    latencies.sort()
    p50, p95, p99 = (percentile(latencies, rank) for rank in (50, 95, 99))
    return Drive(requests=len(latencies), seconds=seconds, p50_ms=p50, p95_ms=p95, p99_ms=p99)
