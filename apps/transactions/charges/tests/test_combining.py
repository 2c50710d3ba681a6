"""Sales of one seller that wait in one process: one of them sells all, and each has its own caller and answer."""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager
from decimal import Decimal
from functools import partial
from typing import Any

import pytest
from django.db import OperationalError, connections

from apps.accounts.models import Seller, Session
from apps.accounts.roles import SellerRole
from apps.core.database.errors import OutcomeUnknown
from apps.testing.api import PHONE, Answer, Caller, assert_problem
from apps.testing.deliveries import CODE, delivering, make_operator
from apps.testing.factories import claims_of, log_in, make_seller, make_user, owner_of
from apps.testing.invariants import assert_ledger_consistent
from apps.testing.races import outcome
from apps.transactions.charges import combining, services
from apps.transactions.charges.sales import Sale
from apps.transactions.models import LedgerEntry, RefusalCount, Wallet

pytestmark = pytest.mark.django_db(transaction=True)

PATIENCE_SECONDS = 30.0
Act = Callable[[], Any]


@pytest.fixture(autouse=True)
def _patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the waiters of a test all arrive, on a busy machine too."""
    monkeypatch.setattr(combining, "TURN_SECONDS", PATIENCE_SECONDS)


@pytest.fixture
def seller() -> Seller:
    return make_seller(balance="10.00")


@pytest.fixture
def owner(seller: Seller) -> Caller:
    return log_in(owner_of(seller))


@pytest.fixture
def together(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The sizes of the groups that were sold."""
    sizes: list[int] = []
    sell = services.sell_together

    def counted(sales: Any) -> Any:
        sizes.append(len(sales))
        return sell(sales)

    monkeypatch.setattr(services, "sell_together", counted)
    return sizes


def sell_directly(seller: Seller, key: str = "") -> Sale:
    """Sell without HTTP: an error of a thread is seen by the test clients of all threads."""
    claims = claims_of(owner_of(seller))
    return combining.sell_charge(claims=claims, phone_number=PHONE, amount=Decimal("1.00"), idempotency_key=key)


def meet(seller: Seller, monkeypatch: pytest.MonkeyPatch, *acts: Act) -> list[Any]:
    """Let `acts` wait for the turn, in this order, behind a sale of 1.00 that is held; return their answers."""
    began, go_on = threading.Event(), threading.Event()
    sell = services.sell_one

    def held(*sale: Any) -> Any:
        if not began.is_set():
            began.set()
            assert go_on.wait(PATIENCE_SECONDS)
        return sell(*sale)

    with ThreadPoolExecutor(len(acts) + 1) as pool, monkeypatch.context() as patch:
        patch.setattr(services, "sell_one", held)
        first = pool.submit(_connected, lambda: sell_directly(seller))
        try:
            assert began.wait(PATIENCE_SECONDS)
            answers: list[Future[Any]] = []
            for act in acts:
                answers.append(pool.submit(_connected, act))
                _await_waiters(seller, len(answers))
        finally:
            go_on.set()
        assert not first.result(PATIENCE_SECONDS).replayed
        return [answer.result(PATIENCE_SECONDS) for answer in answers]


def _connected(act: Act) -> Any:
    with closing(connections["default"]):
        return act()


def _await_waiters(seller: Seller, number: int) -> None:
    limit = time.monotonic() + PATIENCE_SECONDS
    while len(combining._waiting[seller.pk]) < number:
        assert time.monotonic() < limit
        time.sleep(0.002)


@contextmanager
def _turn_is_free(seller: Seller) -> Iterator[None]:
    yield
    assert seller.pk not in combining._waiting
    assert_ledger_consistent()


def test_what_waits_is_sold_in_its_order_by_one_commit(
    seller: Seller, owner: Caller, monkeypatch: pytest.MonkeyPatch, together: list[int]
) -> None:
    operator = log_in(make_user(seller, SellerRole.OPERATOR))
    with _turn_is_free(seller):
        answers = meet(
            seller, monkeypatch,
            lambda: owner.charge("2.00", key="a"),
            lambda: operator.charge("3.00", key="b"),
            lambda: owner.charge("1.50"),
        )  # fmt: skip

    assert together == [3]
    assert [answer.status for answer in answers] == [201] * 3
    assert [(answer.body["amount"], answer.body["idempotency_key"]) for answer in answers] == [
        ("2.00", "a"), ("3.00", "b"), ("1.50", None),
    ]  # fmt: skip
    sequence = answers[0].body["sequence"]
    assert [answer.body["sequence"] for answer in answers] == [sequence, sequence + 1, sequence + 2]
    assert answers[1].body["created_by"] != answers[0].body["created_by"] == answers[2].body["created_by"]
    transactions = LedgerEntry.objects.extra(select={"xmin": "xmin::text"}).filter(sequence__gte=sequence)
    assert len({entry.xmin for entry in transactions}) == 1  # PostgreSQL's own column
    assert Wallet.objects.get(pk=seller.pk).balance == Decimal("2.50")


def test_each_has_its_own_refusal_and_only_refusals_are_counted(
    seller: Seller, owner: Caller, monkeypatch: pytest.MonkeyPatch, together: list[int]
) -> None:
    viewer = log_in(make_user(seller, SellerRole.VIEWER))
    assert owner.charge("1.00", key="spent").status == 201
    with _turn_is_free(seller):
        answers = meet(
            seller, monkeypatch,
            lambda: owner.charge("100.00"),
            lambda: viewer.charge("1.00"),
            lambda: owner.charge("2.00", key="spent"),
            lambda: owner.charge("1.00", key="spent"),
            lambda: owner.charge("2.00", key="new"),
            lambda: owner.charge("2.00", key="new"),
        )  # fmt: skip

    assert together == [6]
    shortage = {"available_balance": "8.00", "required_amount": "100.00", "shortage": "92.00"}
    assert_problem(answers[0], 409, "insufficient_balance", **shortage)
    assert_problem(answers[1], 403, "permission_denied")
    assert_problem(answers[2], 422, "idempotency_key_reused")
    assert [(answer.status, answer.headers.get("Idempotent-Replayed")) for answer in answers[3:]] == [
        (201, "true"), (201, None), (201, "true"),
    ]  # fmt: skip
    assert answers[4].body == answers[5].body
    assert Wallet.objects.get(pk=seller.pk).balance == Decimal("6.00")
    counted = {count.code: count.number for count in RefusalCount.objects.all()}
    assert counted == {"insufficient_balance": 1, "idempotency_key_reused": 1}


def test_a_revoked_session_refuses_its_own_caller_only(
    seller: Seller, owner: Caller, monkeypatch: pytest.MonkeyPatch, together: list[int]
) -> None:
    operator = make_user(seller, SellerRole.OPERATOR)
    caller = log_in(operator)

    def revoked() -> Answer:
        Session.objects.filter(user=operator).update(revoked_at="2026-01-01T00:00Z")
        return caller.charge("1.00")

    with _turn_is_free(seller):
        answers = meet(seller, monkeypatch, lambda: owner.charge("1.00"), revoked, lambda: owner.charge("1.00"))

    assert together == [3]
    assert [answer.status for answer in answers] == [201, 401, 201]
    assert_problem(answers[1], 401, "invalid_token")
    assert Wallet.objects.get(pk=seller.pk).balance == Decimal("7.00")


def test_an_error_of_one_sale_does_not_touch_another(
    seller: Seller, monkeypatch: pytest.MonkeyPatch, together: list[int]
) -> None:
    draft = services._draft_sale

    def drafted(wallet: Any, order: Any, claims: Any) -> LedgerEntry:
        entry = draft(wallet, order, claims)
        if order.idempotency_key == "bad":
            entry.phone_number = "what PostgreSQL refuses at COMMIT"[:16]
        return entry

    monkeypatch.setattr(services, "_draft_sale", drafted)
    with _turn_is_free(seller):
        outcomes = meet(
            seller, monkeypatch, *(partial(outcome, partial(sell_directly, seller, key)) for key in ("a", "bad", "b"))
        )

    assert together == [3]
    assert outcomes == ["ok", "IntegrityError", "ok"]
    assert Wallet.objects.get(pk=seller.pk).balance == Decimal("7.00")


@pytest.mark.parametrize(
    ("error", "code"), [(OutcomeUnknown, "outcome_unknown"), (OperationalError, "temporarily_unavailable")]
)
def test_a_lost_database_is_told_to_each(
    seller: Seller, owner: Caller, monkeypatch: pytest.MonkeyPatch, error: type[Exception], code: str
) -> None:
    def lose(sales: Any) -> Any:
        raise error("lost")

    monkeypatch.setattr(services, "sell_together", lose)
    with _turn_is_free(seller):
        for answer in meet(seller, monkeypatch, *[lambda: owner.charge("1.00")] * 3):
            assert_problem(answer, 503, code)
    assert owner.charge("1.00").status == 201
    assert Wallet.objects.get(pk=seller.pk).balance == Decimal("8.00")


def test_a_thread_that_is_ended_while_it_sells_for_others_leaves_each_with_an_answer(
    seller: Seller, owner: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    def end(sales: Any) -> Any:
        raise SystemExit

    monkeypatch.setattr(services, "sell_together", end)

    def ended() -> Answer:
        with pytest.raises(SystemExit):
            owner.charge("1.00")
        return Answer(0, {}, b"")

    with _turn_is_free(seller):
        _, *others = meet(seller, monkeypatch, ended, *[lambda: owner.charge("1.00")] * 2)
    for answer in others:
        assert_problem(answer, 503, "outcome_unknown")
    assert owner.charge("1.00").status == 201


def test_a_sale_that_waits_too_long_is_refused_and_not_sold_later(
    seller: Seller, owner: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(combining, "TURN_SECONDS", 0.01)
    late: list[Answer] = []

    def wait_in_vain() -> Answer:
        late.append(owner.charge("1.00"))
        return late[0]

    with _turn_is_free(seller):
        began, go_on = threading.Event(), threading.Event()
        sell = services.sell_one

        def held(*sale: Any) -> Any:
            began.set()
            assert go_on.wait(PATIENCE_SECONDS)
            return sell(*sale)

        with ThreadPoolExecutor(2) as pool, monkeypatch.context() as patch:
            patch.setattr(services, "sell_one", held)
            first = pool.submit(_connected, lambda: owner.charge("1.00"))
            assert began.wait(PATIENCE_SECONDS)
            answer = pool.submit(_connected, wait_in_vain).result(PATIENCE_SECONDS)
            go_on.set()
            assert first.result(PATIENCE_SECONDS).status == 201
    assert_problem(answer, 503, "temporarily_unavailable")
    assert Wallet.objects.get(pk=seller.pk).balance == Decimal("9.00")


def test_what_fails_after_the_group_was_committed_is_not_called_nothing(
    seller: Seller, owner: Caller, monkeypatch: pytest.MonkeyPatch, together: list[int]
) -> None:
    def lose(*_: Any) -> None:
        raise OperationalError("lost after the commit")

    monkeypatch.setattr("apps.transactions.charges.views.render_entry", lambda entry: (
        lose() if entry.amount == 2 else {"id": str(entry.pk)}
    ))  # fmt: skip
    with _turn_is_free(seller):
        answers = meet(seller, monkeypatch, lambda: owner.charge("3.00"), lambda: owner.charge("2.00"))

    assert together == [2]
    assert answers[0].status == 201
    assert_problem(answers[1], 503, "outcome_unknown")


def test_what_waits_begins_its_deliveries(
    seller: Seller, owner: Caller, together: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    charge = {"phone_number": PHONE, "amount": "1.00"}
    with delivering():
        make_operator()
        make_operator("other", min_amount="3.00", max_amount="5.00")
        named, not_offered, by_number = meet(
            seller,
            monkeypatch,
            lambda: owner.post("charges/", {**charge, "amount": "3.00", "operator": "other"}),
            lambda: owner.post("charges/", {**charge, "operator": "other"}),
            lambda: owner.post("charges/", charge),
        )

    assert together == [3]
    assert [answer.body["delivery"]["operator"] for answer in (named, by_number)] == ["other", CODE]
    assert_problem(not_offered, 422, "product_not_offered", nearest_amounts=["3.00"])
    waiting = LedgerEntry.objects.filter(delivery__status="pending").values_list("operator", flat=True)
    assert list(waiting.order_by("sequence")) == [CODE, "other", CODE]
    assert_ledger_consistent()
