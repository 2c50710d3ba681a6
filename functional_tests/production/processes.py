"""Starting programs on loopback, and ending exactly those."""

from __future__ import annotations

import os
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from signal import SIGTERM, Signals

START_SECONDS = 60.0


def free_port() -> int:
    """Return a free TCP port of loopback."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(condition: Callable[[], bool], what: str, seconds: float = START_SECONDS) -> None:
    """Wait until `condition` holds; raises TimeoutError."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"no {what} after {seconds:.0f} s")
        time.sleep(0.1)


def answers(port: int) -> bool:
    """Tell whether a port of loopback accepts connections."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1):
            return True
    except OSError:
        return False


class Program:
    """A program in the foreground whose output goes to a file."""

    def __init__(
        self,
        name: str,
        command: Sequence[str | Path],
        folder: Path,
        *,
        environment: Mapping[str, str] | None = None,
        port: int = 0,
        user: str | None = None,
        cwd: Path | None = None,
        probe: Sequence[str | Path] = (),
    ) -> None:
        self.name, self.command, self.port = name, [str(part) for part in command], port
        self.environment = {**os.environ, **(environment or {})}
        self.log = folder / f"{name}.log"
        self.user, self.cwd = user, cwd
        self.probe = probe  # a command that succeeds once the program does its work
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and wait until its probe succeeds or, without one, it accepts connections."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.command, env=self.environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                user=self.user, extra_groups=[] if self.user else None, cwd=self.cwd, start_new_session=True,
            )  # fmt: skip
        process = self.process

        def ready() -> bool:
            if process.poll() is not None:
                raise RuntimeError(f"{self.name} ended with {process.returncode}:\n{self.tail()}")
            if self.probe:
                return subprocess.run(self.probe, check=False).returncode == 0
            return not self.port or answers(self.port)

        wait_for(ready, f"answer of {self.name}")

    def send(self, number: Signals) -> None:
        """Send a signal to the program itself, not to its children."""
        assert self.process is not None
        self.process.send_signal(number)

    def children(self) -> set[int]:
        """Return the ids of the processes that it started itself and that have not ended."""
        assert self.process is not None
        pid = self.process.pid
        return {int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()}

    def stop(self, number: Signals = SIGTERM, seconds: float = 40.0) -> None:
        """End it, and wait until it has ended."""
        if self.process is None or self.process.poll() is not None:
            return
        self.process.send_signal(number)
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(10)

    def tail(self) -> str:
        """Return the end of its output."""
        return self.log.read_text(errors="replace")[-2000:] if self.log.exists() else ""
