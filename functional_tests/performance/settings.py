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


def read_defaults(env_file: Path = REPOSITORY_ROOT / ".env") -> dict[str, str]:
    """Return the variables of ``.env``, overruled by those of the real environment."""
    try:
        lines = env_file.read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    return {**_parse_env(lines), **os.environ}


def _parse_env(lines: list[str]) -> dict[str, str]:
    values = {}
    for line in lines:
        name, separator, value = line.strip().removeprefix("export ").partition("=")
        if separator and not name.startswith("#"):
            values[name.strip()] = _unquote(value.strip())
    return values


def _unquote(value: str) -> str:
    quoted = len(value) >= 2 and value[0] == value[-1] and value[0] in "'\""
    return value[1:-1] if quoted else value


def default_base_url(defaults: Mapping[str, str]) -> str:
    """Return where ``make run`` serves."""
    return f"http://127.0.0.1:{defaults.get('PORT') or 8000}"


def check_base_url(base_url: str, *, allow_remote: bool) -> None:
    """Raise CannotStart unless ``base_url`` is HTTP and (or ``allow_remote``) loopback.

    A load test of somebody else's server must not start by a slip of the keyboard.
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
