"""Processes of a run: workers that are killed, and the operator, which is restarted."""

import os
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from itertools import cycle
from pathlib import Path
from threading import Event, Thread
from urllib.request import urlopen

from functional_tests.server import HOST, REPOSITORY

SECRET = "OPERATOR_SECRET_SIMULATOR"
AT_WORK = "Delivering."  # what `deliver_charges` prints


class Actor:
    """A command of manage.py that can be killed and started again; its output goes to a file."""

    def __init__(self, log: Path, environment: Mapping[str, str], *arguments: str) -> None:
        self._log, self._environment = log, {**os.environ, **environment}
        self._command = [sys.executable, "manage.py", *arguments]
        self.kills = 0
        log.touch()
        self._start()

    def _start(self) -> None:
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command, cwd=REPOSITORY, env=self._environment, stdout=log, stderr=log
            )

    def is_at_work(self, sign: str) -> bool:
        """Tell whether it has begun: it writes `sign` once in each life."""
        return self._log.read_text(errors="replace").count(sign) > self.kills

    def restart(self) -> None:
        """Kill with -9, and start again."""
        self._process.kill()
        self._process.wait()
        self.kills += 1
        self._start()

    def wait(self, seconds: float) -> int:
        """Wait until it ends by itself, and return its exit code."""
        return self._process.wait(seconds)

    def stop(self) -> None:
        """Let it end by itself."""
        self._process.terminate()
        try:
            self._process.wait(60)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


class Killer(Thread):
    """Kills the next of these workers every so often, once it is at work again, until it is stopped."""

    def __init__(self, actors: list[Actor], every_seconds: float) -> None:
        super().__init__(daemon=True)
        self._actors, self._every, self._end = actors, every_seconds, Event()
        self.start()

    def run(self) -> None:
        for actor in cycle(self._actors):
            while not actor.is_at_work(AT_WORK) and not self._end.wait(0.1):
                pass
            if self._end.wait(self._every):
                return
            actor.restart()

    def stop(self) -> None:
        """End the killing."""
        self._end.set()
        self.join()


def simulator(folder: Path, port: int, *, callback_url: str = "", delay_seconds: float = 0.0, secret: str) -> Actor:
    """Start the operator, with its book in `folder`, and wait until it answers."""
    arguments = ["operator_simulator", "--port", str(port), "--book", str(folder / "book.sqlite")]
    arguments += ["--callback-url", callback_url, "--delay", str(delay_seconds)]
    actor = Actor(folder / "simulator.log", {SECRET: secret}, *arguments)
    wait_for_book(port)
    return actor


def read_book(port: int) -> str:
    """Return the operator's book as CSV."""
    with urlopen(f"http://{HOST}:{port}/book", timeout=60) as answer:
        text: str = answer.read().decode()
    return text


def wait_for_book(port: int, seconds: float = 60.0) -> None:
    """Wait until the operator answers."""
    waiting = Event()
    for _ in range(int(seconds / 0.2)):
        with suppress(OSError):
            read_book(port)
            return
        waiting.wait(0.2)
    raise RuntimeError("the simulated operator does not answer")
