"""The product as `make run` serves it, on a free port of loopback, with a PostgreSQL of its own."""

import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.request import urlopen

from apps.core.database.embedded.server import EmbeddedPostgres

REPOSITORY = Path(__file__).resolve().parent.parent
HOST = "127.0.0.1"
START_SECONDS = 120


@dataclass(frozen=True)
class Product:
    """A running server: the folder that is deleted with it, its port, its environment, and the password of `admin`."""

    home: Path
    port: int
    environment: Mapping[str, str]
    password: str


@contextmanager
def running_product() -> Iterator[Product]:
    """Serve while the block runs; stop the server and delete its data afterwards."""
    # In /tmp, where a server of root's can come as another user, and where the socket's path stays short.
    home = Path(tempfile.mkdtemp(prefix="sharj-test-", dir="/tmp"))
    home.chmod(0o711)
    port, password = free_port(), secrets.token_urlsafe(12)
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "config.settings.local",
        "SECRET_KEY": secrets.token_urlsafe(50),
        "PORT": str(port),
        "DATABASE_HOST": "",
        "DATABASE_ROLE": "app",
        "EMBEDDED_POSTGRES_DIR": str(home / "postgres"),
        "DJANGO_SUPERUSER_USERNAME": "admin",
        "DJANGO_SUPERUSER_EMAIL": "admin@example.com",
        "DJANGO_SUPERUSER_PASSWORD": password,
        "CREDIT_APPROVAL_SECOND_REVIEW_AMOUNT": "",
    }
    log = home / "server.log"
    with log.open("wb") as output:
        command = [sys.executable, "manage.py", "serve"]
        process = subprocess.Popen(command, cwd=REPOSITORY, env=environment, stdout=output, stderr=output)
    try:
        _await_ready(process, port, log)
        yield Product(home, port, environment, password)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=60)
        EmbeddedPostgres(home / "postgres").destroy()  # if the server could not
        shutil.rmtree(home)


def free_port() -> int:
    """Return a TCP port of loopback that is not in use."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def _await_ready(process: "subprocess.Popen[bytes]", port: int, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urlopen(f"http://{HOST}:{port}/api/v1/health/ready/", timeout=5):
                return
        except OSError:
            time.sleep(0.2)
    raise RuntimeError(f"The server did not start:\n{log.read_text(errors='replace')[-3000:]}")
