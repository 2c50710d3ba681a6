"""Live progress: a bar on a terminal, a plain line now and then elsewhere."""

from __future__ import annotations

import time
from collections import deque
from typing import TextIO

BAR_WIDTH = 30
PLAIN_INTERVAL_SECONDS = 2.0
# Throughput is that of the last moments, not of the whole run, to show a stall.
WINDOW_SAMPLES = 20


class Progress:
    """Shows how many of ``total`` sales are made, and how fast, on ``stream``."""

    def __init__(self, total: int, stream: TextIO) -> None:
        self._total = total
        self._stream = stream
        self._live = stream.isatty()
        self._samples: deque[tuple[float, int]] = deque([(time.monotonic(), 0)], WINDOW_SAMPLES)
        self._last_line = time.monotonic()
        self._shown = -1

    def update(self, done: int) -> None:
        """Show that ``done`` sales are made; cheap enough to be called often."""
        now = time.monotonic()
        self._samples.append((now, done))
        if self._live:
            self._stream.write(f"\r{self._bar(done)} {self._figures(done)}\x1b[K")
            self._stream.flush()
        elif done != self._shown and (now - self._last_line >= PLAIN_INTERVAL_SECONDS or done == self._total):
            self._stream.write(f"{self._figures(done)}\n")
            self._stream.flush()
            self._last_line, self._shown = now, done

    def close(self) -> None:
        """Leave the last bar standing and go to the next line."""
        if self._live:
            self._stream.write("\n")

    def _bar(self, done: int) -> str:
        filled = BAR_WIDTH * done // self._total
        return f"[{'█' * filled}{'·' * (BAR_WIDTH - filled)}]"

    def _figures(self, done: int) -> str:
        return f"{done:,}/{self._total:,} sales  {self._rate():,.0f}/s"

    def _rate(self) -> float:
        (first_time, first_done), (last_time, last_done) = self._samples[0], self._samples[-1]
        elapsed = last_time - first_time
        return (last_done - first_done) / elapsed if elapsed > 0 else 0.0
