"""A server with demo data for the browser."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.request import Request, urlopen

from functional_tests.server import HOST, REPOSITORY, running_product


@dataclass(frozen=True)
class Server:
    """The address of a running server, and passwords by username."""

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
    """Serve demo data while the block runs."""
    with running_product() as product:
        seeded = subprocess.run(
            [sys.executable, "manage.py", "seed_demo"],
            cwd=REPOSITORY, env=product.environment, capture_output=True, text=True, check=True,
        )  # fmt: skip
        logins = dict(re.findall(r"^(demo-\S+)\s+(\S+)", seeded.stdout, re.MULTILINE))
        yield Server(f"http://{HOST}:{product.port}", {"admin": product.password, **logins})
