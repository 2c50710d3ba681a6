"""A server of our own for the browser: the product as `make run` serves it, on a free port, with its own PostgreSQL."""

import json
import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import Request, urlopen

REPOSITORY = Path(__file__).resolve().parents[2]
START_SECONDS = 120


@dataclass(frozen=True)
class Server:
    """Where it answers, and who can log in: passwords by username."""

    address: str
    passwords: dict[str, str]

    def call(self, path: str, body: dict[str, str], token: str = "") -> Any:
        """Post to the API and return its answer."""
        headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
        request = Request(f"{self.address}/api/v1/{path}", data=json.dumps(body).encode(), headers=headers)
        with urlopen(request, timeout=10) as answer:
            return json.load(answer)

    def token_of(self, username: str) -> str:
        """Log a user of a seller in at the API and return its access token."""
        login = {"username": username, "password": self.passwords[username]}
        return str(self.call("auth/seller/login/", login)["access"])


@contextmanager
def running_server() -> Iterator[Server]:
    """Start a server with demo data, and stop it and delete its data afterwards."""
    home = Path(tempfile.mkdtemp(prefix="sharj-browser-", dir="/tmp"))
    address = f"http://127.0.0.1:{_free_port()}"
    password = secrets.token_urlsafe(12)
    environment = {
        **os.environ,
        "DATABASE_HOST": "",
        "DATABASE_ROLE": "app",
        "EMBEDDED_POSTGRES_DIR": str(home / "db"),
        "PORT": address.rpartition(":")[2],
        "SECRET_KEY": secrets.token_urlsafe(50),
        "DJANGO_SUPERUSER_USERNAME": "admin",
        "DJANGO_SUPERUSER_EMAIL": "admin@example.com",
        "DJANGO_SUPERUSER_PASSWORD": password,
        "CREDIT_APPROVAL_SECOND_REVIEW_AMOUNT": "",
    }
    home.chmod(0o755)  # PostgreSQL of root's runs as another user
    log = (home / "log").open("w")
    process = subprocess.Popen(
        [sys.executable, "manage.py", "serve"], cwd=REPOSITORY, env=environment, stdout=log, stderr=log
    )
    try:
        _wait_until_ready(address, process, home / "log")
        seeded = subprocess.run(
            [sys.executable, "manage.py", "seed_demo"],
            cwd=REPOSITORY, env=environment, capture_output=True, text=True, check=True,
        )  # fmt: skip
        logins = dict(re.findall(r"^(demo-\S+)\s+(\S+)", seeded.stdout, re.MULTILINE))
        yield Server(address, {"admin": password, **logins})
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)
        log.close()
        shutil.rmtree(home, ignore_errors=True)


def _wait_until_ready(address: str, process: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            break
        try:
            with urlopen(f"{address}/api/v1/health/ready/", timeout=5):
                return
        except (URLError, OSError):
            time.sleep(0.3)
    raise RuntimeError(f"The server did not start:\n{log.read_text()[-3000:]}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
