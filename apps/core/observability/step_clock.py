"""Progress of a command at a terminal: the step it waits for, and the seconds since that began."""

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import chain, islice
from typing import TypeVar

Item = TypeVar("Item")
_TICK_SECONDS = 1.0


@contextmanager
def step(doing: str) -> Iterator[None]:
    """Show `doing` and the seconds since the block began on stderr until it ends; only on a terminal."""
    if not sys.stderr.isatty():
        yield
        return
    done = threading.Event()
    clock = threading.Thread(target=_show, args=(doing, done), daemon=True)
    clock.start()
    try:
        yield
    finally:
        done.set()
        clock.join()


def after_step(doing: str, items: Iterator[Item]) -> Iterator[Item]:
    """Yield `items`, of which only the first takes long, with a `step` that ends when it comes."""
    with step(doing):
        first = list(islice(items, 1))
    yield from chain(first, items)


def _show(doing: str, done: threading.Event) -> None:
    began = time.monotonic()
    while not done.wait(_TICK_SECONDS):
        sys.stderr.write(f"\r{doing}: {time.monotonic() - began:,.0f} s ")
        sys.stderr.flush()
    sys.stderr.write("\r\033[K")  # leaves an empty line
    sys.stderr.flush()
