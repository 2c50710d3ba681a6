"""Exit 0 if this container's server answers; the orchestrator asks. Few imports: it runs every few seconds.

healthcheck.py [live|ready [PORT]]: ready asks the database too; the port is gunicorn's without one.
healthcheck.py worker: the queue's worker has shown that it is alive.
"""

import os
import socket
import sys
import time

if sys.argv[1:] == ["worker"]:
    sys.exit(0 if time.time() - os.stat(os.environ["WORKER_HEARTBEAT_FILE"]).st_mtime < 30 else 1)

kind = sys.argv[1] if len(sys.argv) > 1 else "live"
port = sys.argv[2] if len(sys.argv) > 2 else os.environ.get("GUNICORN_BIND", ":8000").rsplit(":", 1)[1]
path = f"/api/v1/health/{kind}/"
with socket.create_connection(("127.0.0.1", int(port)), timeout=8) as link:
    link.sendall(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n".encode())
    sys.exit(0 if link.recv(64).startswith(b"HTTP/1.1 200 ") else 1)
