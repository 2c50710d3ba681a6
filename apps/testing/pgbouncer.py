"""A real PgBouncer in transaction mode between the tests and their PostgreSQL, from the files that compose uses.

`pytest --pgbouncer` puts it there. Owner and superuser go straight to PostgreSQL, as in production.
"""

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from apps.core.database.embedded.programs import Account
from apps.core.database.embedded.server import REPOSITORY

START_SECONDS = 20.0
PATH = f"{os.environ.get('PATH', os.defpath)}:/usr/sbin"


def is_wanted() -> bool:
    """Tell whether this session was asked to go through PgBouncer."""
    return bool(os.environ.get("TEST_THROUGH_PGBOUNCER"))


@contextmanager
def pooled(login: dict[str, str]) -> Iterator[dict[str, str]]:
    """Run PgBouncer in front of the database of `login`; yield its HOST and PORT."""
    assert shutil.which("pgbouncer", path=PATH), "PgBouncer is missing: functional_tests/production/install.sh"
    account, folder = Account.of_server(), Path(tempfile.mkdtemp(prefix="sharj-pgbouncer-", dir="/tmp"))
    scripts = shutil.copytree(REPOSITORY / "deploy/pgbouncer", folder / "image")
    for path in (folder, scripts):
        os.chown(path, account.uid, account.gid)
    port = _free_port()
    environment = {
        "POSTGRES_HOST": login["HOST"],
        "POSTGRES_PORT": login["PORT"],
        "DATABASE_NAME": login["NAME"],
        "DATABASE_USER": login["USER"],
        "DATABASE_PASSWORD": login["PASSWORD"],
        "PGBOUNCER_ADDRESS": "127.0.0.1",
        "PGBOUNCER_PORT": str(port),
        "PGBOUNCER_FOLDER": str(folder / "run"),
        "PATH": PATH,
    }
    identity = {"user": account.uid, "group": account.gid, "extra_groups": []} if account.name else {}
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(  # type: ignore[call-overload]  # the identity is a mapping of known options
            [scripts / "start.sh"], cwd="/", env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            **identity,
        )  # fmt: skip
    try:
        _wait_until_open(port, process, folder / "log")
        yield {"HOST": "127.0.0.1", "PORT": str(port)}
    finally:
        process.terminate()
        process.wait(20)
        shutil.rmtree(folder, ignore_errors=True)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_until_open(port: int, process: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.05)
