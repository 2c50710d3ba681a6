"""Stage of the runs: a cluster with the ledger distributed as docs/scaling.md says."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from functional_tests.citus.cluster import Cluster, running_cluster
from functional_tests.citus.installation import Installation
from functional_tests.performance.benchmark.stage import environment_of_server, set_up_django
from functional_tests.performance.settings import REPOSITORY_ROOT

DATABASE = "sharj"


@dataclass(frozen=True)
class Stage:
    """A cluster and a folder for what runs write."""

    cluster: Cluster
    folder: Path


@contextmanager
def open_stage(installation: Installation, *, workers: int, shards: int = 32) -> Iterator[Stage]:
    """Run a cluster whose ledger is distributed, unless it has no workers; a process can have one stage."""
    with (
        running_cluster(installation, workers=workers, is_safe=True) as cluster,
        tempfile.TemporaryDirectory(prefix="sharj-citus-runs-") as scratch,
    ):
        os.environ.update(environment_of_server(Path(scratch)) | cluster.environment())
        manage("db", "roles")
        manage("migrate", "--no-input", "--verbosity", "0", role="owner")
        set_up_django()
        if workers:
            from apps.testing import citus

            citus.join_nodes(DATABASE)
            print(manage("db", "roles", "--all-nodes"))
            print(manage("distribute_ledger", "--shards", str(shards), role="owner"))
        yield Stage(cluster, Path(scratch))


def manage(*arguments: str, role: str = "app", environment: Mapping[str, str] | None = None) -> str:
    """Run manage.py as a database role and return what it printed; fail with it, if it failed."""
    command = [sys.executable, str(REPOSITORY_ROOT / "manage.py"), *arguments]
    variables = {**os.environ, "DATABASE_ROLE": role, **(environment or {})}
    done = subprocess.run(command, env=variables, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(arguments)}: {done.stdout}{done.stderr}")
    return done.stdout.strip()
