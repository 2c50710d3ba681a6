"""gunicorn as in production (config/gunicorn.conf.py), on a free loopback port."""

import http.client
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from functional_tests.performance.errors import CannotStart
from functional_tests.performance.settings import REPOSITORY_ROOT
from functional_tests.server import HOST, free_port

START_TIMEOUT_SECONDS = 180.0


@dataclass(frozen=True, slots=True)
class Server:
    """A running server."""

    port: int
    pid: int

    @property
    def base_url(self) -> str:
        """Address of the server."""
        return f"http://{HOST}:{self.port}"


@contextmanager
def serve(log: Path, environment: Mapping[str, str]) -> Iterator[Server]:
    """Run gunicorn, with `environment` added to this one, while the block runs; its output goes to `log`."""
    port = free_port()
    command = [sys.executable, "-m", "gunicorn", "--config", str(REPOSITORY_ROOT / "config/gunicorn.conf.py")]
    with log.open("w") as output:
        variables = {**os.environ, **environment, "GUNICORN_BIND": f"{HOST}:{port}"}
        process = subprocess.Popen(command, env=variables, cwd=REPOSITORY_ROOT, stdout=output, stderr=output)
    try:
        _await_answer(process, port, log)
        yield Server(port, process.pid)
    finally:
        process.terminate()
        process.wait()


def _await_answer(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + START_TIMEOUT_SECONDS
    while not _is_live(port):
        if process.poll() is not None or time.monotonic() > deadline:
            lines = log.read_text(errors="replace").strip().splitlines() or ["it said nothing"]
            raise CannotStart(f"gunicorn does not serve: {lines[-1]}")
        time.sleep(0.1)


def _is_live(port: int) -> bool:
    connection = http.client.HTTPConnection(HOST, port, timeout=5)
    try:
        connection.request("GET", "/api/v1/health/live/")
        return connection.getresponse().status == http.client.OK
    except OSError:
        return False
    finally:
        connection.close()
