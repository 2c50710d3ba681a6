"""gunicorn's worker closes its listener once, wherever in its loop the signal to stop finds it."""

import selectors
import socket

import pytest

from config.draining_worker import DrainingWorker


@pytest.mark.parametrize("accepting", [True, False])
@pytest.mark.parametrize("may_accept", [True, False])
def test_a_stop_at_any_point_closes_the_listener_once(accepting: bool, may_accept: bool) -> None:
    listener = socket.create_server(("127.0.0.1", 0))
    address = listener.getsockname()
    worker = DrainingWorker.__new__(DrainingWorker)
    worker.poller, worker.sockets = selectors.DefaultSelector(), [listener]
    worker.alive, worker.nr_conns, worker._accepting = True, 0, False
    worker.set_accept_enabled(True)
    worker.set_accept_enabled(accepting)

    worker.alive = False
    worker.set_accept_enabled(may_accept)  # in the loop, which has not seen the signal yet
    worker.set_accept_enabled(False)  # after the loop

    assert not worker.poller.get_map()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(address, timeout=5)
    worker.poller.close()
