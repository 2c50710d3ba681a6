"""Receivers of webhooks: real HTTPS servers on loopback that do as a test says."""

import ssl
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path
from tempfile import mkdtemp
from threading import Thread
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

NAME = "receiver.example"


@dataclass(frozen=True)
class Received:
    """A request as it came, and when."""

    headers: Mapping[str, str]
    body: bytes
    path: str
    at: float


Behaviour = Callable[[BaseHTTPRequestHandler], None]


def answering(status: int, body: bytes = b"", **headers: str) -> Behaviour:
    """Answer each request like this."""

    def behave(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(body)

    return behave


NO_CONTENT = answering(204)


def slow(seconds: float, behave: Behaviour = NO_CONTENT) -> Behaviour:
    """Wait, then do as `behave` does."""

    def waited(handler: BaseHTTPRequestHandler) -> None:
        time.sleep(seconds)
        behave(handler)

    return waited


def dripping(*, head: bool) -> Behaviour:
    """Send a byte every 0.1 seconds, for ever: of the header, or of the body after it."""

    def drip(handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\n" + (b"X-Long: " if head else b"\r\n"))
        while True:
            handler.wfile.write(b"x")
            handler.wfile.flush()
            time.sleep(0.1)

    return drip


def endless(handler: BaseHTTPRequestHandler) -> None:
    """Send a body without an end, as fast as it is read."""
    handler.send_response(200)
    handler.end_headers()
    while True:
        handler.wfile.write(b"x" * 65_536)


@dataclass
class Receiver:
    """A running receiver: its requests, and what it does with the next one."""

    port: int
    received: list[Received] = field(default_factory=list)
    behave: Behaviour = NO_CONTENT

    def url(self, path: str = "/hook", host: str = "127.0.0.1") -> str:
        """Return an address of it."""
        return f"https://{host}:{self.port}{path}"


@contextmanager
def running_receiver(behave: Behaviour = NO_CONTENT, *, host: str = "127.0.0.1", port: int = 0) -> Iterator[Receiver]:
    """Serve while the block runs."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"] or 0))
            receiver.received.append(Received(dict(self.headers), body, self.path, time.monotonic()))
            receiver.behave(self)

        do_GET = do_POST

        def log_message(self, format: str, *args: Any) -> None:
            return

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        request_queue_size = 128

        def handle_error(self, request: Any, client_address: Any) -> None:
            """Ignore a client that hangs up."""

        def finish_request(self, request: Any, client_address: Any) -> None:
            with context.wrap_socket(request, server_side=True) as secured:
                super().finish_request(secured, client_address)

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate(), certificate().with_suffix(".key"))
    server = Server((host, port), Handler)
    receiver = Receiver(server.server_address[1], behave=behave)
    Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()


@cache
def certificate(folder: str = "") -> Path:
    """Return a file with a certificate of its own authority for loopback and `NAME`; its key is beside it."""
    place = Path(folder or mkdtemp(prefix="sharj-receiver-"))
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, NAME)])
    alternatives = [x509.DNSName(NAME), x509.DNSName("localhost"), *(_address(text) for text in ("127.0.0.1", "::1"))]
    now = datetime.now(UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=2))
        .add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = place / "receiver.pem"
    pem.write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    formats = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    pem.with_suffix(".key").write_bytes(key.private_bytes(*formats))
    return pem


def _address(text: str) -> x509.IPAddress:
    return x509.IPAddress(ip_address(text))
