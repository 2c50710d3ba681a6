"""Stand-in for Grafana: its health address, and its password from a file."""

import os
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

assert os.environ.get("GF_SECURITY_ADMIN_PASSWORD") or Path(os.environ["GF_SECURITY_ADMIN_PASSWORD__FILE"]).read_text()
Path("/var/lib/grafana/grafana.db").touch()


class Health(BaseHTTPRequestHandler):
    """GET /api/health."""

    def do_GET(self) -> None:
        """Answer as Grafana does."""
        self.send_response(200 if self.path == "/api/health" else 404)
        self.end_headers()
        self.wfile.write(b'{"database": "ok"}')


ThreadingHTTPServer(("0.0.0.0", 3000), Health).serve_forever()
