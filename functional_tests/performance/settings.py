"""Defaults from the environment or the ``.env`` file, and the loopback rule."""

from __future__ import annotations

import ipaddress
import os
import socket
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from functional_tests.performance.errors import CannotStart

REPOSITORY_ROOT = Path(__file__).resolve().parents[2]


def read_defaults() -> dict[str, str]:
    """Return the variables of ``.env``, which `make run` writes as NAME=value, overruled by the environment's."""
    try:
        lines = (REPOSITORY_ROOT / ".env").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    pairs = [line.partition("=") for line in lines if "=" in line and not line.startswith("#")]
    return {**{name.removeprefix("export "): value.strip().strip("'\"") for name, _, value in pairs}, **os.environ}


def default_base_url(defaults: Mapping[str, str]) -> str:
    """Return the address at which ``make run`` serves."""
    return f"http://127.0.0.1:{defaults.get('PORT') or 8000}"


def check_base_url(base_url: str, *, allow_remote: bool) -> None:
    """Raise CannotStart unless ``base_url`` is HTTP and (or ``allow_remote``) loopback.

    A mistyped address must not start a load test of another server.
    """
    try:
        parts = urlsplit(base_url)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise CannotStart(f"--base-url {base_url} is not a URL: {error}") from error
    if parts.scheme not in {"http", "https"} or not host:
        raise CannotStart(f"--base-url {base_url} is not an http or https URL")
    if allow_remote:
        return
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise CannotStart(f"--base-url {base_url}: the host {host} cannot be resolved") from error
    if not all(ipaddress.ip_address(str(address[0]).partition("%")[0]).is_loopback for *_, address in found):
        raise CannotStart(f"--base-url {base_url} is not on this machine; add --allow-remote if you mean it")
