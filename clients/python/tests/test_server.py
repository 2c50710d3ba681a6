"""The client against the real server, over a connection that loses answers."""

import csv
import io
import subprocess
import sys
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path

import pytest
from pytest_django.live_server_helper import LiveServer
from sharj import Login, Refused, Sharj, Unavailable
from sharj.http import Answer, ConnectionLost, PoolTransport

from apps.accounts.models import Seller, Session, User
from apps.testing.api import PHONE
from apps.testing.deliveries import delivering, make_operator
from apps.testing.factories import make_seller, owner_of
from apps.testing.invariants import assert_ledger_consistent
from apps.testing.programs import make_program
from apps.transactions.models import LedgerEntry
from functional_tests.server import free_port

REPOSITORY = Path(__file__).resolve().parents[3]
PASSWORD = "pale-otter-91-lamp"

pytestmark = pytest.mark.django_db(transaction=True)


class LosesAnswers:
    """A transport that delivers each request, and loses the answer to every other one."""

    def __init__(self, url: str) -> None:
        self._pool = PoolTransport(url)
        self.sent: list[str] = []

    def request(self, method: str, path: str, *, headers: Mapping[str, str], body: bytes | None = None) -> Answer:
        answer = self._pool.request(method, path, headers=headers, body=body)
        self.sent.append(path)
        if len(self.sent) % 2:
            raise ConnectionLost("the answer was lost", sent=True)
        return answer


@pytest.fixture
def seller() -> Seller:
    """An active seller with 100.00."""
    return make_seller(balance="100.00")


@pytest.fixture
def login(seller: Seller) -> Login:
    """A program of `seller` that sells."""
    program = make_program(seller)
    return Login.program(program.client_id, program.client_secret)


def test_it_sells_reads_and_finds(live_server: LiveServer, login: Login) -> None:
    sharj = Sharj(live_server.url, login)
    sale = sharj.sell("0912 345 6789", "5", key="order-1")
    assert (sale.amount, sale.balance_after, sale.phone_number) == (Decimal("5.00"), Decimal("95.00"), PHONE)
    again = sharj.sell("0912 345 6789", "5", key="order-1")
    assert (again.id, again.replayed, sale.replayed) == (sale.id, True, False)
    found = sharj.find("order-1")
    assert found is not None
    assert (found.id, found.raw["created_by"]) == (sale.id, login.credentials["client_id"])
    assert sharj.find("order-2") is None
    assert sharj.balance() == Decimal("95.00")


def test_a_sale_names_its_operator(live_server: LiveServer, login: Login) -> None:
    sharj = Sharj(live_server.url, login)
    assert sharj.sell(PHONE, "5").delivery is None
    with delivering():
        make_operator("other", carrier_names=[])
        sale = sharj.sell(PHONE, "5", operator="other")
    assert sale.delivery is not None
    assert (sale.delivery["operator"], sale.delivery["status"]) == ("other", "pending")


def test_lost_answers_sell_nothing_twice(live_server: LiveServer, login: Login, seller: Seller) -> None:
    sharj = Sharj(LosesAnswers(live_server.url), login)
    sales = [sharj.sell(PHONE, "1") for _ in range(5)]
    batch = sharj.sell_many([{"phone_number": PHONE, "amount": "1.00"}] * 5)
    assert all(sale.replayed for sale in sales)
    assert (batch["accepted"], batch["replayed"], batch["balance_after"]) == (0, 5, "90.00")
    assert LedgerEntry.objects.filter(type="charge_sale").count() == 10
    assert_ledger_consistent()


def test_refusals_are_told_with_their_members(live_server: LiveServer, login: Login) -> None:
    sharj = Sharj(live_server.url, login)
    with pytest.raises(Refused) as caught:
        sharj.sell(PHONE, "500")
    assert (caught.value.code, caught.value.problem["shortage"]) == ("insufficient_balance", "400.00")
    with pytest.raises(Refused) as caught:
        sharj.sell_many([{"phone_number": PHONE, "amount": amount} for amount in ("1", "500")], atomic=True)
    assert [item["outcome"] for item in caught.value.problem["results"]] == ["rejected", "rejected"]
    assert sharj.balance() == Decimal(100)


def test_lists_are_read_page_by_page(live_server: LiveServer, login: Login) -> None:
    sharj = Sharj(live_server.url, login)
    sharj.sell_many([{"phone_number": PHONE, "amount": "1"}] * 7)
    entries = list(sharj.transactions(page_size=3, type="charge_sale"))
    assert [entry.sequence for entry in entries] == list(range(8, 1, -1))


def test_a_csv_is_fetched(live_server: LiveServer, login: Login) -> None:
    sharj = Sharj(live_server.url, login)
    sharj.sell(PHONE, "5", key="order-1")
    text = sharj.fetch("transactions/?type=charge_sale", accept="text/csv").body.decode()
    [row] = csv.DictReader(io.StringIO(text))
    assert (row["amount"], row["idempotency_key"]) == ("5.00", "order-1")


@pytest.mark.parametrize("kind", ["program", "person"])
def test_an_ended_session_is_renewed_by_one_of_many_threads(
    live_server: LiveServer, login: Login, seller: Seller, kind: str
) -> None:
    if kind == "person":
        user = owner_of(seller)
        user.set_password(PASSWORD)
        user.save()
        login = Login.person(user.username, PASSWORD)
    sharj = Sharj(live_server.url, login)
    assert sharj.balance() == 100
    Session.objects.all().delete()
    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(lambda _: sharj.balance(), range(8))) == {Decimal(100)}
    assert Session.objects.count() == 1


def test_a_revoked_program_is_refused(live_server: LiveServer, login: Login) -> None:
    sharj = Sharj(live_server.url, login)
    sharj.balance()
    User.objects.filter(is_client=True).update(is_active=False)
    with pytest.raises(Refused) as caught:
        sharj.balance()
    assert (caught.value.status, caught.value.code) == (401, "invalid_client")


def test_a_server_that_is_not_there_is_unavailable() -> None:
    sharj = Sharj(f"http://127.0.0.1:{free_port()}", patience_seconds=0.5)
    with pytest.raises(Unavailable, match="got no answer"):
        sharj.sell(PHONE, "1")


def test_with_another_transport_it_needs_the_standard_library_only() -> None:
    """The load script runs with a plain `python3`."""
    code = "import sys; sys.modules['urllib3'] = None; import functional_tests.performance.cli"
    subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY, check=True)
