"""Operators and deliveries for tests."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Thread
from typing import Any

from django.test import override_settings
from django.utils import timezone

from apps.accounts.models import Seller
from apps.delivery.adapters.protocol import Answer, Callback, InvalidCallback, Outcome, TopUp
from apps.delivery.books import compare_books
from apps.delivery.calls import Step, claim_due, take_step
from apps.delivery.models import BookComparison, Delivery, Operator
from apps.delivery.routing import routes
from apps.delivery.simulator.book import Book
from apps.delivery.simulator.server import Config, Simulator
from apps.testing.api import PHONE
from apps.testing.factories import sell
from apps.transactions.models import LedgerEntry

CODE = "sim"
SECRET_VARIABLE = "OPERATOR_SECRET_TEST"
SECRET = "a secret of the tests"


def make_operator(code: str = CODE, **changes: Any) -> Operator:
    """Create an operator that sells 0.01 to 1,000.00 to every Iranian number that libphonenumber gives to IR-MCI."""
    values = {"name": code.upper(), "carrier_names": ["IR-MCI"], "min_amount": "0.01", "max_amount": "1000.00"}
    settings = {"base_url": "http://127.0.0.1:9", "read_timeout_seconds": 1.0}
    row = {"secret_variable": SECRET_VARIABLE, "settings": settings, **values, **changes}
    operator = Operator.objects.create(code=code, **row)
    routes.forget()
    return operator


@contextmanager
def delivering() -> Iterator[None]:
    """Switch deliveries on."""
    with override_settings(DELIVERY=True):
        routes.forget()
        try:
            yield
        finally:
            routes.forget()


def sell_delivered(seller: Seller, amount: str = "1.00", *, phone_number: str = PHONE, key: str = "") -> LedgerEntry:
    """Sell a charge that an operator delivers; the operator exists."""
    with delivering():
        return sell(seller, amount, phone_number=phone_number, key=key)


class Script:
    """An adapter that answers from a list, and remembers what it was asked."""

    def __init__(self, *answers: Outcome | Answer) -> None:
        self.answers = [answer if isinstance(answer, Answer) else Answer(answer) for answer in answers]
        self.asked: list[tuple[str, str]] = []

    def submit(self, top_up: TopUp) -> Answer:
        self.asked.append(("submit", top_up.reference))
        return self.answers.pop(0)

    def inquire(self, reference: str) -> Answer:
        self.asked.append(("inquire", reference))
        return self.answers.pop(0)

    def close(self) -> None:
        """Hold nothing."""

    def read_callback(self, headers: Any, body: bytes) -> Callback:
        raise InvalidCallback


def make_due(entry: LedgerEntry) -> None:
    """Let the next step of a delivery be due, or its lease be over."""
    Delivery.objects.filter(pk=entry.pk).update(next_step_at=timezone.now() - timedelta(hours=1))


def claim(entry: LedgerEntry) -> Step:
    """Claim the step of this delivery, and those of others that are due."""
    make_due(entry)
    [step] = [step for step in claim_due(CODE, 1_000) if step.delivery_id == entry.pk]
    return step


def take(entry: LedgerEntry, *answers: Outcome | Answer) -> Script:
    """Take the next step of a delivery, with these answers to its calls."""
    script = Script(*answers)
    take_step(claim(entry), script)
    assert not script.answers, "fewer calls than answers"
    return script


def unknown_delivery(seller: Seller) -> Delivery:
    """Sell a charge whose answer was lost, to an operator of its own."""
    if not Operator.objects.filter(pk=CODE).exists():
        make_operator()
    entry = sell_delivered(seller)
    take(entry, Outcome.UNKNOWN)
    return delivery_of(entry)


def compare_empty_book(operator: Operator) -> BookComparison:
    """Compare today's deliveries with a book that has one line, of a charge that is not ours."""
    with TemporaryDirectory() as folder:
        file = Path(folder, "book.csv")
        file.write_text("reference,amount,status\n0197f3a8-77d2-7a37-9dae-1f2a3b4c5d6e,1.00,delivered\n")
        return compare_books(operator=operator, day=timezone.now().date(), file=file)


def delivery_of(entry: LedgerEntry) -> Delivery:
    return Delivery.objects.select_related("entry").get(pk=entry.pk)


def reversals_of(entry: LedgerEntry) -> Sequence[LedgerEntry]:
    return list(LedgerEntry.objects.filter(reverses=entry))


@contextmanager
def running_simulator(**config: Any) -> Iterator[Simulator]:
    """Serve a simulated operator in this process, with its book in memory."""
    with Simulator(("127.0.0.1", 0), Book(None), Config(secret=SECRET, **config)) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
