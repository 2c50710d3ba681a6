"""Time from the commit of an approval to a receiver, while charges are sold."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID

from apps.testing.receivers import running_receiver
from functional_tests.server import REPOSITORY
from functional_tests.webhooks.faults import verified_id
from functional_tests.webhooks.scene import await_true, open_shop, working


def measure(log: Path, *, events: int, charges_per_second: int) -> None:
    """Approve a credit request every 0.1 s, and print how long each took to arrive."""
    with running_receiver() as receiver, working(log), _selling(log, charges_per_second) as sold:
        shop = open_shop(receiver)
        shop.happen()
        await_true(lambda: len(receiver.received) > 0 and sold() > charges_per_second)  # all are at work
        receiver.received.clear()
        before, began = sold(), time.monotonic()
        approved: dict[str, float] = {}
        for _ in range(events):
            approved |= _approve(shop.seller_id)
            time.sleep(0.1)
        await_true(lambda: len(receiver.received) >= events)
        rate = (sold() - before) / (time.monotonic() - began)
    arrived = {verified_id(request, shop): request.at for request in reversed(receiver.received)}
    times = sorted((arrived[event] - at) * 1000 for event, at in approved.items())
    print(
        f"from commit to receiver, {len(times)} events at {rate:.0f} charges/s: p50 {times[len(times) // 2]:.0f} ms, "
        f"p99 {times[len(times) * 99 // 100]:.0f} ms, longest {times[-1]:.0f} ms"
    )


def _approve(seller_id: UUID) -> dict[str, float]:
    """Approve a new credit request; return its event's id with the moment after the commit."""
    from decimal import Decimal

    from apps.accounts.models import User
    from apps.credit_requests.services import approve_credit_request, submit_credit_request
    from apps.outbox.models import Event

    owner = User.objects.select_related("seller").get(seller_id=seller_id)
    asked = submit_credit_request(requested_by=owner, amount=Decimal(1)).credit_request
    approver = User.objects.filter(is_superuser=True).latest("pk")
    approve_credit_request(credit_request_id=asked.pk, approved_by=approver)
    committed_at = time.monotonic()
    return {str(Event.objects.filter(seller_id=seller_id).latest("sequence").pk): committed_at}


@contextmanager
def _selling(log: Path, charges_per_second: int) -> Iterator[Callable[[], int]]:
    """Sell in another process while the block runs; yield a function that counts the charges."""
    from apps.transactions.models import LedgerEntry

    command = [sys.executable, "-m", "functional_tests.webhooks.selling", str(charges_per_second)]
    with log.open("ab") as output:
        process = subprocess.Popen(command, cwd=REPOSITORY, env=os.environ, stdout=output, stderr=output)
    try:
        yield LedgerEntry.objects.filter(type="charge_sale").count
    finally:
        process.terminate()
        process.wait()
