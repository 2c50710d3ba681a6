"""gunicorn's worker shares connections with its siblings, keeps a busy one in its thread, closes its listener once."""

import selectors
import socket
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from gunicorn.config import Config
from gunicorn.workers.gthread import ThreadWorker

from config.gunicorn_worker import GunicornWorker

THREADS = 2


def make_worker(connections: int = 0) -> Any:
    worker = GunicornWorker.__new__(GunicornWorker)
    worker.cfg = Config()
    worker.cfg.set("threads", THREADS)
    worker.alive, worker.nr_conns, worker._accepting = True, connections, False
    worker.enqueue_req = lambda conn: conn.sock.close()
    return worker


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.setblocking(False)
        yield listening


def test_a_full_worker_leaves_a_connection_to_its_sibling(
    listener: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    full, sibling = make_worker(THREADS), make_worker()
    monkeypatch.setattr("time.sleep", lambda seconds: sibling.accept(listener))
    with socket.create_connection(listener.getsockname()):
        full.accept(listener)
    assert (full.nr_conns, sibling.nr_conns) == (THREADS, 1)


@pytest.mark.parametrize("connections", [0, THREADS])
def test_a_worker_takes_what_no_sibling_takes(listener: socket.socket, connections: int) -> None:
    worker = make_worker(connections)
    with socket.create_connection(listener.getsockname()):
        worker.accept(listener)
    assert worker.nr_conns == connections + 1


@pytest.mark.parametrize(
    ("requests", "changes", "answered"),
    [
        (3, {}, 3),
        (1, {}, 1),  # none follows: the connection goes back
        (3, {"nr_conns": THREADS + 1}, 1),  # another connection may need the thread
        (3, {"alive": False}, 1),
    ],
)
def test_requests_that_follow_are_answered_by_the_same_thread(
    requests: int, changes: dict[str, Any], answered: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker = make_worker(THREADS)
    vars(worker).update(changes)
    client, server = socket.socketpair()
    with client, server:
        client.sendall(b"." * requests)
        monkeypatch.setattr(ThreadWorker, "handle", lambda worker, conn: conn.sock.recv(1) == b".")
        unread = SimpleNamespace(unreader=SimpleNamespace(buf=SimpleNamespace(getvalue=lambda: b"")))
        assert worker.handle(SimpleNamespace(sock=server, is_http2=False, parser=unread)) is True
        client.sendall(b"!")  # so that the rest can be counted
        assert len(server.recv(10)) - 1 == requests - answered


@pytest.mark.parametrize("accepting", [True, False])
@pytest.mark.parametrize("may_accept", [True, False])
def test_a_stop_at_any_point_closes_the_listener_once(
    listener: socket.socket, accepting: bool, may_accept: bool
) -> None:
    address = listener.getsockname()
    worker = make_worker()
    worker.poller, worker.sockets = selectors.DefaultSelector(), [listener]
    worker.set_accept_enabled(True)
    worker.set_accept_enabled(accepting)

    worker.alive = False
    worker.set_accept_enabled(may_accept)  # in the loop, which has not seen the signal yet
    worker.set_accept_enabled(False)  # after the loop

    assert not worker.poller.get_map()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(address, timeout=5)
    worker.poller.close()
