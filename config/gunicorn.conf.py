"""gunicorn, for `make run` and for production.

Four threads in each of several processes: sales of one seller that wait in one process are sold together, which takes
more than two threads, and with a single thread a long export would block its process. docs/concurrency.md has the
measurements.
"""

import gc
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

from gunicorn.glogging import Logger

chdir = str(Path(__file__).resolve().parent.parent)
sys.path.insert(0, chdir)

from apps.core.api.idempotency import without_underscores  # noqa: E402  (needs the path)
from apps.core.observability import metrics_files  # noqa: E402  (needs the path)
from apps.core.observability.logs import JsonFormatter, LineFormatter  # noqa: E402  (needs the path)

wsgi_app = "config.wsgi:application"
bind = os.environ.get("GUNICORN_BIND") or f"127.0.0.1:{os.environ.get('PORT') or 8000}"

worker_class = "config.gunicorn_worker.GunicornWorker"
workers = int(os.environ.get("GUNICORN_WORKERS") or 4)
threads = int(os.environ.get("GUNICORN_THREADS") or 4)

# Seconds. The database gives up on a statement after 5, so a worker that is silent for 30 is stuck, not waiting.
timeout = 30
graceful_timeout = 20
keepalive = 75  # longer than a proxy keeps its idle connections, so that the proxy is the one that closes

# A worker is replaced after so many requests, not all at once, in case something in it grows.
max_requests = int(os.environ.get("GUNICORN_MAX_REQUESTS") or 100_000)
max_requests_jitter = max_requests // 5

# Only these may report HTTPS in X-Forwarded-Proto; the settings trust the same ones.
forwarded_allow_ips = os.environ.get("TRUSTED_PROXIES") or "127.0.0.0/8,::1/128"
# Requests have a limit in the application; these bound what comes before it.
limit_request_line = 8190
limit_request_fields = 64
# Headers with underscores reach `pre_request`, which drops them as gunicorn would, but for a misspelt idempotency key.
header_map = "dangerous"

proc_name = "sharj"
control_socket_disable = True
# The heartbeat file must not stand on a disk that can block.
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108  (gunicorn names the file)

os.environ.setdefault("LOG_STREAM", "stdout")  # of the application; a command's stdout is for its result
_IS_PRODUCTION = os.environ.get("DJANGO_SETTINGS_MODULE", "").endswith("production")
_STYLE = os.environ.get("LOG_FORMAT") or ("json" if _IS_PRODUCTION else "line")


class ErrorLogger(Logger):  # type: ignore[misc]  # gunicorn has no types
    """gunicorn's log of errors. The application logs each request, so nothing is gathered for an access log."""

    access_log_enabled = False


logger_class = ErrorLogger
logconfig_dict: dict[str, Any] = {
    "formatters": {"ours": {"()": JsonFormatter if _STYLE == "json" else LineFormatter}},
    "handlers": {"ours": {"class": "logging.StreamHandler", "stream": "ext://sys.stdout", "formatter": "ours"}},
    "root": {"handlers": ["ours"], "level": "INFO"},
    "loggers": {"gunicorn.error": {"handlers": ["ours"], "level": "INFO", "propagate": False}},
}

metrics_files.create_folder()
_companions: list["subprocess.Popen[bytes]"] = []


def pre_request(worker: Any, request: Any) -> None:
    """Drop headers with underscores; mark one that means the idempotency key."""
    request.headers = without_underscores(request.headers)


def post_worker_init(worker: Any) -> None:
    """Keep the collector from walking through the loaded application, which never becomes garbage."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)


def child_exit(server: Any, worker: Any) -> None:
    """Keep the counts of a worker that has ended."""
    metrics_files.bury(worker.pid)


def on_exit(server: Any) -> None:
    """Delete the metrics, and end what `manage.py serve` started: workers, event stream, embedded PostgreSQL."""
    metrics_files.remove_folder()
    for companion in _companions:
        companion.terminate()
    for companion in _companions:
        companion.wait()  # the worker finishes the jobs that it holds
    if os.environ.get("GUNICORN_STOPS_POSTGRES"):
        from apps.core.database.embedded.server import EmbeddedPostgres

        EmbeddedPostgres.from_environment().stop()


def when_ready(server: Any) -> None:
    """Take the signals that `manage.py serve` held back until there are handlers for them; start what it asked for."""
    signal.pthread_sigmask(signal.SIG_UNBLOCK, (signal.SIGINT, signal.SIGTERM))
    environment = {name: value for name, value in os.environ.items() if name != metrics_files.VARIABLE}
    for name in os.environ.get("GUNICORN_STARTS", "").split():
        command = [sys.executable, "manage.py", name, "--end-with", str(os.getpid())]
        _companions.append(subprocess.Popen(command, cwd=chdir, env=environment))  # noqa: S603  (no shell)
