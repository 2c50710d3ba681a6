"""Processor time of a process and of everything that descends from it."""

from contextlib import suppress

import psutil


def processor_seconds(root_pid: int) -> float:
    """Return the processor time (user and system) of a process tree since it began.

    A descendant that ended counts too: the process that waited for it has its time, so two readings lose nothing.
    """
    root = psutil.Process(root_pid)
    total = 0.0
    for process in (root, *root.children(recursive=True)):
        with suppress(psutil.NoSuchProcess):  # it ended meanwhile; its time moved on to its parent
            times = process.cpu_times()
            total += times.user + times.system + times.children_user + times.children_system
    return total
