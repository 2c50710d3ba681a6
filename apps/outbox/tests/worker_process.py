"""A worker in a process of its own, with a job `hold` that leaves a line, waits for a file, and leaves another.

Environment: HELD_FOLDER has the file `lines`, and `release` lets all jobs go on.
"""

import asyncio
import os
import sys
import time
from datetime import datetime
from pathlib import Path
from uuid import UUID

import django

FOLDER = Path(os.environ["HELD_FOLDER"])


def leave(line: str) -> None:
    """Append a line in one write."""
    with (FOLDER / "lines").open("a") as lines:
        lines.write(f"{line}\n")


def hold(subject_id: UUID) -> datetime | None:
    """Begin, wait to be released, end."""
    leave(f"begun {subject_id}")
    while not (FOLDER / "release").exists():
        time.sleep(0.02)
    leave(f"done {subject_id}")
    return None


if __name__ == "__main__":
    django.setup()
    from apps.outbox.jobs import register_job
    from apps.outbox.management.commands.worker import work

    register_job("hold", hold)
    asyncio.run(work(parent=int(sys.argv[1]) if sys.argv[1:] else None))
    leave("ended")
