"""An alert on its way to people: a replica stops, Prometheus notices, Alertmanager calls the webhook."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from functional_tests.production.places import DEPLOY, program
from functional_tests.production.processes import Program, wait_for
from functional_tests.production.stack import Stack

# Debian 12's Alertmanager cannot read the address from a file.
URL_FILE = "url_file: /run/secrets/alert_webhook_url"


@pytest.fixture
def received(stack: Stack) -> Iterator[list[dict[str, Any]]]:
    """Start a receiver and an Alertmanager that calls it; give the list of alerts received."""
    alerts: list[dict[str, Any]] = []

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            alerts.extend(json.loads(self.rfile.read(int(self.headers["Content-Length"])))["alerts"])
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    receiver = ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    threading.Thread(target=receiver.serve_forever, daemon=True).start()
    text = (DEPLOY / "alertmanager/alertmanager.yml").read_text()
    file = stack.folder / "alertmanager.yml"
    file.write_text(text.replace(URL_FILE, f"url: http://127.0.0.1:{receiver.server_port}/"))
    port = stack.ports["alertmanager"]
    options = [f"--storage.path={stack.folder}/alertmanager", f"--web.listen-address=127.0.0.1:{port}"]
    command = [program("prometheus-alertmanager"), f"--config.file={file}", "--cluster.listen-address=", *options]
    server = Program("alertmanager", command, stack.folder, port=port)
    server.start()
    yield alerts
    server.stop()
    receiver.shutdown()
    receiver.server_close()


@pytest.mark.timeout(200)
def test_people_hear_of_a_replica_that_is_down(stack: Stack, received: list[dict[str, Any]]) -> None:
    replica = stack.programs["app-1"]
    replica.stop()
    with suppress(TimeoutError):
        wait_for(lambda: "ReplicaDown" in {alert["labels"]["alertname"] for alert in received}, "alert", 90)
    replica.start()
    wait_for(lambda: stack.ready()["status"] == "ok", "ready stack")
    found = [alert["labels"] for alert in received if alert["labels"]["alertname"] == "ReplicaDown"]
    assert [(labels["severity"], labels["instance"]) for labels in found] == [
        ("ticket", f"127.0.0.1:{stack.app_ports[1]}")
    ]
