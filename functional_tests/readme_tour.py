"""The tour in README.md, run as a reader would run it: block by block, in one shell, against a fresh server."""

from __future__ import annotations

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
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from apps.core.database.embedded.server import EmbeddedPostgres

REPOSITORY = Path(__file__).resolve().parent.parent
README = REPOSITORY / "README.md"
START_SECONDS = 90
_SECTION = re.compile(r"## Five-minute tour\n.*?(?=\n## )", re.DOTALL)
# Commands, and after them (perhaps) what they print.
_STEP = re.compile(r"```bash\n(?P<commands>.*?)```\n(?:\n```(?P<language>json|text)\n(?P<output>.*?)```\n)?", re.DOTALL)
_MARK = "--- end of step ---"
_VARYING = {
    r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}": "<id>",
    r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z": "<time>",
}


def steps(readme: str) -> list[tuple[str, str]]:
    """Return the commands of each step of the tour and the output that the README shows for them."""
    section = _SECTION.search(readme)
    assert section, "README.md has no tour"
    return [(step["commands"], step["output"] or "") for step in _STEP.finditer(section[0])]


def normalized(output: str) -> str:
    """Return `output` without what differs from run to run: ids and times."""
    for pattern, name in _VARYING.items():
        output = re.sub(pattern, name, output)
    return output


def outputs(commands: list[str]) -> list[str]:
    """Run the commands of each step, in one shell, against a fresh server; return what each printed."""
    with _served() as (place, port, environment):
        script = "set -eu\n" + "".join(f"{text}\necho '{_MARK}'\n" for text in commands)
        result = subprocess.run(
            ["bash"],
            input=script.replace("127.0.0.1:8000", f"127.0.0.1:{port}"),
            cwd=place,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=120,
            check=False,
        )
    assert result.returncode == 0, result.stdout
    return [text.replace("\r", "").lstrip("\n") for text in result.stdout.split(f"{_MARK}\n")[:-1]]


@contextmanager
def _served() -> Iterator[tuple[Path, int, dict[str, str]]]:
    """Serve on a free port from a database of its own; yield a folder that looks like a checkout to the reader."""
    # In /tmp, where a server of root's can come as another user, and where the socket's path stays short.
    place = Path(tempfile.mkdtemp(prefix="sharj-tour-", dir="/tmp"))
    place.chmod(0o711)
    port, password = _free_port(), secrets.token_urlsafe(12)
    (place / ".env").touch(mode=0o600)
    (place / ".env").write_text(f"DJANGO_SUPERUSER_PASSWORD={password}\n", encoding="utf-8")
    (place / "manage.py").symlink_to(REPOSITORY / "manage.py")
    (place / ".venv").symlink_to(sys.prefix)
    changes = {
        "SECRET_KEY": secrets.token_urlsafe(50),
        "PORT": str(port),
        "DATABASE_HOST": "",
        "EMBEDDED_POSTGRES_DIR": str(place / "postgres"),
        "DJANGO_SETTINGS_MODULE": "config.settings.local",
        "DJANGO_SUPERUSER_USERNAME": "admin",
        "DJANGO_SUPERUSER_PASSWORD": password,
    }
    environment = {name: value for name, value in os.environ.items() if name != "DATABASE_ROLE"} | changes
    log = place / "server.log"
    with log.open("wb") as out:
        command = [sys.executable, str(REPOSITORY / "manage.py"), "serve"]
        server = subprocess.Popen(command, env=environment, stdout=out, stderr=subprocess.STDOUT)
    try:
        assert _becomes_ready(port, server), log.read_text(encoding="utf-8")
        yield place, port, environment
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(timeout=60)
        EmbeddedPostgres(place / "postgres").destroy()
        shutil.rmtree(place)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _becomes_ready(port: int, server: subprocess.Popen[bytes]) -> bool:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and server.poll() is None:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/api/v1/health/ready/", timeout=5):
                return True
        except OSError:
            time.sleep(0.2)
    return False


def write() -> None:
    """Replace the outputs in the README by those of a run."""
    readme = README.read_text(encoding="utf-8")
    section = _SECTION.search(readme)
    assert section
    results = iter(outputs([commands for commands, _ in steps(readme)]))

    def renew(step: re.Match[str]) -> str:
        output = next(results)
        if step["output"] is None:
            return step[0]
        return f"```bash\n{step['commands']}```\n\n```{step['language']}\n{output}```\n"

    README.write_text(readme.replace(section[0], _STEP.sub(renew, section[0])), encoding="utf-8")
