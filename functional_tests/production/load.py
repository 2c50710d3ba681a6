"""The load script against a stack, as a process of its own, while something happens to the stack."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

from functional_tests.production.places import REPOSITORY

SCRIPT = "functional_tests/performance/test_load_transactions.py"


class Target(Protocol):
    """A running service: its address, the certificate that its clients trust, and its first superuser's password.

    The superuser's access token is empty where no second factor is asked for: the load script then logs in by itself.
    """

    @property
    def url(self) -> str: ...
    @property
    def certificate(self) -> Path: ...
    @property
    def admin_password(self) -> str: ...
    def admin_token(self) -> str: ...


def run_load(target: Target, *options: str, during: Callable[[], None] | None = None) -> dict[str, Any]:
    """Return the load script's document; `during` runs once, when the sales have begun. Fails on any difference."""
    command = [
        sys.executable, SCRIPT, "--base-url", target.url, "--admin-username", "admin",
        f"--admin-password={target.admin_password}", f"--admin-token={target.admin_token()}", "--json", *options,
    ]  # fmt: skip
    process = subprocess.Popen(
        command, cwd=REPOSITORY, text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        env={"SSL_CERT_FILE": str(target.certificate), "PATH": "/usr/bin:/bin"},
    )  # fmt: skip
    said: list[str] = []
    selling = threading.Event()

    def read() -> None:
        assert process.stderr is not None
        for line in process.stderr:
            said.append(line)
            if re.search(r"[\d,]+/[\d,]+ sales", line):
                selling.set()
        selling.set()

    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    if during:
        selling.wait(120)
        during()
    assert process.stdout is not None
    assert process.stderr is not None
    with process.stdout, process.stderr:
        text = process.stdout.read()
        code = process.wait(300)
        reader.join(10)
    assert code == 0, "".join(said[-30:]) + text[-2000:]
    document: dict[str, Any] = json.loads(text)
    return document
