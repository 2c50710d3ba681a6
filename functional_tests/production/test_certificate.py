"""A certificate from an ACME authority (Debian's pebble): certbot proves the name through nginx, and nginx reloads."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import ssl
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from functional_tests.production import parts
from functional_tests.production.places import DEPLOY, program
from functional_tests.production.processes import Program, free_port, wait_for
from functional_tests.production.stack import Stack

NAME = "api.sharj.example"


@pytest.fixture
def authority(stack: Stack) -> Iterator[str]:
    """Start an authority that finds every name on loopback; give its address."""
    port, names, management = free_port(), free_port(), free_port()
    config = {
        "listenAddress": f"127.0.0.1:{port}", "managementListenAddress": f"127.0.0.1:{management}",
        "certificate": str(stack.certificate), "privateKey": str(stack.folder / "tls.key"),
        "httpPort": stack.ports["http"], "tlsPort": stack.ports["https"],
    }  # fmt: skip
    file = stack.folder / "pebble.json"
    file.write_text(json.dumps({"pebble": config}))
    dns: list[str | Path] = [program("pebble-challtestsrv"), "-defaultIPv4", "127.0.0.1", "-defaultIPv6", ""]
    dns += ["-dns01", f"127.0.0.1:{names}", "-management", f"127.0.0.1:{free_port()}"]
    dns += ["-http01", "", "-https01", "", "-tlsalpn01", ""]
    servers = [
        Program("names", dns, stack.folder, port=names),
        Program(
            "pebble", [program("pebble"), "-config", file, "-dnsserver", f"127.0.0.1:{names}"], stack.folder,
            environment={"PEBBLE_VA_NOSLEEP": "1", "PEBBLE_WFE_NONCEREJECT": "0"}, port=port,
        ),
    ]  # fmt: skip
    for server in servers:
        server.start()
    yield f"https://localhost:{port}/dir"
    for server in servers:
        server.stop()


def served_certificate(port: int) -> bytes:
    """Return the certificate that a server shows now."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with socket.create_connection(("127.0.0.1", port)) as plain, context.wrap_socket(plain) as link:
        return link.getpeercert(binary_form=True) or b""


@pytest.mark.timeout(200)
def test_a_certificate_is_got_installed_and_served(stack: Stack, authority: str) -> None:
    folder, acme = stack.folder / "tls", stack.folder / "acme"
    folder.mkdir()
    acme.mkdir()
    for source, target in ((stack.certificate, "tls.crt"), (stack.folder / "tls.key", "tls.key")):
        shutil.copy(source, folder / target)
    https = free_port()
    parts.add_nginx(
        stack, "nginx-acme", NGINX_TLS_CERTIFICATE=f"{folder}/tls.crt", NGINX_TLS_KEY=f"{folder}/tls.key",
        NGINX_HTTP_PORT=f"127.0.0.1:{free_port()}", NGINX_HTTPS_PORT=f"127.0.0.1:{https}",
    )  # fmt: skip
    nginx = stack.programs["nginx-acme"]
    nginx.start()
    assert nginx.process is not None
    watch = {
        "NGINX_TLS_CERTIFICATE": f"{folder}/tls.crt",
        "NGINX_PID": str(nginx.process.pid),
        "NGINX_RELOAD_SECONDS": "1",
    }
    watcher = subprocess.Popen(
        [DEPLOY / "nginx/reload.sh"], env={**os.environ, **watch, "NGINX_RELOAD_SECONDS": "1"}, start_new_session=True
    )
    first = served_certificate(https)
    try:
        state = [f"--{name}-dir={stack.folder}/certbot-{name}" for name in ("config", "work", "logs")]
        done = stack.run(
            [str(DEPLOY / "certbot/renew.sh"), "--server", authority, *state],
            {"NGINX_SERVER_NAME": NAME, "ACME_EMAIL": "operations@sharj.example", "ACME_ROOT": str(acme),
             "TLS_FOLDER": str(folder), "REQUESTS_CA_BUNDLE": str(stack.certificate)},
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        assert (folder / "tls.key").stat().st_mode & 0o777 == 0o600
        wait_for(lambda: served_certificate(https) != first, "new certificate in nginx", 30)
    finally:
        os.killpg(watcher.pid, signal.SIGTERM)
        watcher.wait(10)
        nginx.stop()
        del stack.programs["nginx-acme"]
    shown = subprocess.run(
        [program("openssl"), "x509", "-noout", "-issuer", "-ext", "subjectAltName", "-in", folder / "tls.crt"],
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    assert "Pebble" in shown
    assert NAME in shown
