"""Exit 0 if this container's gunicorn answers; the orchestrator asks."""

import os
import sys
from urllib.request import urlopen

port = os.environ.get("GUNICORN_BIND", ":8000").rsplit(":", 1)[1]
with urlopen(f"http://127.0.0.1:{port}/api/v1/health/live/", timeout=2) as answer:
    sys.exit(0 if answer.status == 200 else 1)
