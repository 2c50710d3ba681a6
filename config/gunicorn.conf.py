"""gunicorn, for `make run` and for production. Requests wait for PostgreSQL, not for Python: threads."""

import os
from pathlib import Path
from typing import Any

chdir = str(Path(__file__).resolve().parent.parent)
wsgi_app = "config.wsgi:application"
bind = os.environ.get("GUNICORN_BIND") or f"127.0.0.1:{os.environ.get('PORT') or 8000}"

worker_class = "gthread"
workers = int(os.environ.get("GUNICORN_WORKERS") or 2)
threads = int(os.environ.get("GUNICORN_THREADS") or 4)

# Seconds. The database gives up on a statement after 5, so a worker that is silent for 30 is stuck, not waiting.
timeout = 30
graceful_timeout = 20
keepalive = 75  # longer than a proxy keeps its idle connections, so that the proxy is the one that closes

proc_name = "sharj"
control_socket_disable = True
# The heartbeat file must not stand on a disk that can block.
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108


def on_exit(server: Any) -> None:
    """Stop the embedded PostgreSQL if `manage.py serve` started it for us."""
    if os.environ.get("GUNICORN_STOPS_POSTGRES"):
        from apps.core.embedded_postgres import EmbeddedPostgres

        EmbeddedPostgres.from_environment().stop()
