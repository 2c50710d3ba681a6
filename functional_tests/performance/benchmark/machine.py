"""Description of the machine that the figures were measured on."""

import os
import platform
import re
import shutil
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import django
import psutil
from django.db import connection

from functional_tests.performance.settings import REPOSITORY_ROOT

POSTGRES_SETTINGS = ("server_version", "fsync", "synchronous_commit", "full_page_writes", "shared_buffers")


def describe_machine(home: Path) -> dict[str, str]:
    """Return names and values for people; `home` is where PostgreSQL keeps its data."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT name, current_setting(name) FROM pg_settings WHERE name = ANY(%s)", [list(POSTGRES_SETTINGS)]
        )
        postgres = dict(cursor.fetchall())
    return {
        "date": f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
        "commit": _output("git", "-C", str(REPOSITORY_ROOT), "describe", "--always", "--dirty"),
        "processor": f"{_processor()}, {len(os.sched_getaffinity(0))} cores for everything, the load generator too",
        "load before the run": f"{os.getloadavg()[0]:.1f}",
        "memory": f"{psutil.virtual_memory().total / 2**30:.0f} GiB",
        "file system": _file_system(home),
        "kernel": f"{platform.system()} {platform.release()}",
        "software": f"Python {platform.python_version()}, Django {django.__version__}",
        "gunicorn": _gunicorn(home),
        "PostgreSQL": ", ".join([postgres.pop("server_version"), *(f"{k} {v}" for k, v in sorted(postgres.items()))]),
        "load generator": " ".join(_output(shutil.which("wrk") or "wrk", "--version").split()[:2]),
    }


def _processor() -> str:
    try:
        model = re.search(r"^model name\s*: (.+)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    except OSError:
        model = None
    return model[1] if model else platform.machine()


def _gunicorn(scratch: Path) -> str:
    """Ask the configuration, in a process of its own: it prepares the server's metrics, for which it gets `scratch`."""
    path = str(REPOSITORY_ROOT / "config/gunicorn.conf.py")
    program = f"import runpy; print('%(workers)d workers of %(threads)d threads' % runpy.run_path({path!r}))"
    environment = {**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(scratch)}
    command = [sys.executable, "-c", program]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False).stdout.strip()


def _file_system(path: Path) -> str:
    partitions = [one for one in psutil.disk_partitions(all=True) if path.is_relative_to(one.mountpoint)]
    return max(partitions, key=lambda one: len(one.mountpoint)).fstype if partitions else "unknown"


def _output(*command: str) -> str:
    try:
        return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip() or "unknown"
    except OSError:
        return "unknown"
