"""The simulated operator of `make run`: served beside the worker, and entered as an operator if it is missing."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings

from apps.delivery.models import Operator
from apps.delivery.simulator.book import Book
from apps.delivery.simulator.server import Config, Simulator

CODE = "simulator"
SECRET = "OPERATOR_SECRET_SIMULATOR"  # noqa: S105  (the name of a variable)
CARRIERS = ["IR-MCI", "Irancell", "Rightel", "MTCE", "TeleKish", "Taliya"]


@contextmanager
def running_sandbox() -> Iterator[None]:
    """Serve the operator while the block runs. Its book is in memory: each run begins with an empty one."""
    port = settings.OPERATOR_SIMULATOR_PORT
    url = f"http://127.0.0.1:{os.environ.get('PORT') or 8000}/callbacks/operators/{CODE}/"
    config = Config(secret=os.environ.get(SECRET, ""), callback_url=url)
    add_operator(port)
    with Simulator(("127.0.0.1", port), Book(None), config) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield
        finally:
            server.shutdown()
            thread.join()


def add_operator(port: int) -> None:
    """Add the operator for the numbers of every Iranian carrier, unless it is there; an existing one is left alone."""
    Operator.objects.get_or_create(
        code=CODE,
        defaults={
            "name": "Simulator",
            "carrier_names": CARRIERS,
            "min_amount": "1.00",
            "max_amount": "100000000.00",
            "settings": {"base_url": f"http://127.0.0.1:{port}"},
            "secret_variable": SECRET,
        },
    )
