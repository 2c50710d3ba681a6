"""manage.py event_stream: the server of GET events/stream/."""

import os
import time
from argparse import ArgumentParser
from threading import Thread
from typing import Any

import uvicorn
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from apps.notifications.stream.application import EventStreams

DEFAULT_BIND = "127.0.0.1:8001"


class StreamServer(uvicorn.Server):
    """A server that ends its streams when it is told to stop, and so does not wait for them."""

    def end_with(self, parent: int) -> None:
        """Stop when the process that started this one has ended."""

        def watch() -> None:
            while os.getppid() == parent:
                time.sleep(1)
            self.should_exit = True

        Thread(target=watch, daemon=True).start()

    async def shutdown(self, sockets: Any = None) -> None:
        application: EventStreams = self.config.app  # type: ignore[assignment]  # ours
        application.close()
        await super().shutdown(sockets)


def server_config(application: EventStreams, host: str, port: int) -> uvicorn.Config:
    """Return the settings of uvicorn."""
    return uvicorn.Config(
        application,
        host=host,
        port=port,
        lifespan="on",
        log_config=None,
        access_log=False,  # the application logs each request
        server_header=False,
        forwarded_allow_ips=settings.TRUSTED_PROXIES,
        timeout_graceful_shutdown=10,
    )


class Command(BaseCommand):
    help = "Serve the event stream (GET events/stream/) with one process and one listening connection."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--bind", default=os.environ.get("EVENT_STREAM_BIND") or DEFAULT_BIND, help="HOST:PORT")
        parser.add_argument("--end-with", type=int, metavar="PID", help="end when this process, its parent, has ended")

    def handle(self, *args: Any, bind: str, end_with: int | None, **options: Any) -> None:
        from config.asgi import application

        host, _, port = bind.rpartition(":")
        if not (host and port.isascii() and port.isdigit() and 0 < int(port) < 65_536):
            raise CommandError(f"--bind must be HOST:PORT, not {bind!r}.")
        server = StreamServer(server_config(application, host, int(port)))
        if end_with is not None:
            server.end_with(end_with)
        server.run()
