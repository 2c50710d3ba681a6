"""Random steps in random order: the platform answers and changes as the model in plain Python does.

The runs are the same each time. HYPOTHESIS_EXAMPLES=1000 makes that many new ones; a failure prints how to replay it.
"""

import os
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from functools import partial
from itertools import count

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, multiple, rule, run_state_machine_as_test

from apps.accounts.models import Seller, User
from apps.accounts.sellers import services as accounts
from apps.accounts.sessions.tokens import Claims
from apps.credit_requests import services as credit
from apps.credit_requests.models import CreditRequest
from apps.testing.factories import claims_of, make_staff
from apps.testing.races import outcome
from apps.testing.tests.platform_model import ModelEntry, ModelRequest, ModelSeller
from apps.transactions.charges import services as sales
from apps.transactions.charges.sales import Sale
from apps.transactions.entries.services import reverse_entry
from apps.transactions.models import LedgerEntry, Wallet
from apps.transactions.reconciliation.verification import Verification

EXAMPLES = int(os.environ.get("HYPOTHESIS_EXAMPLES", "0"))
PROFILE = settings(
    max_examples=EXAMPLES or 20,
    derandomize=not EXAMPLES,
    database=None,
    stateful_step_count=30,
    deadline=None,
    print_blob=True,
    suppress_health_check=list(HealthCheck),
)

amounts = st.sampled_from([Decimal(text) for text in ("0.01", "3.00", "7.50", "10.00", "25.00")])
phones = st.sampled_from(["+989123456789", "+989120000000"])
keys = st.sampled_from(["", "", "a", "b"])
_names = count(1)


class Platform(RuleBasedStateMachine):
    """A machine that takes each step in the model and in the platform, and compares."""

    sellers = Bundle("sellers")
    requests = Bundle("requests")

    def __init__(self) -> None:
        super().__init__()
        self.staff: User = make_staff("admin")
        self.real: dict[ModelSeller, tuple[Seller, User, Claims]] = {}
        self.filed: dict[ModelRequest, CreditRequest] = {}
        self.sold: list[tuple[ModelSeller, str, Decimal, str]] = []

    def same(self, expected: str, act: Callable[[], object]) -> None:
        assert outcome(act) == ("ok" if expected == "replayed" else expected)

    @rule(target=sellers, verified=st.booleans())
    def register(self, verified: bool) -> ModelSeller:
        name = f"machine{next(_names)}"
        owner = accounts.create_seller(
            username=name, password="long enough 7", email=f"{name}@example.com", company_name=name
        )
        assert owner.seller is not None
        model = ModelSeller()
        self.real[model] = owner.seller, owner, claims_of(owner)
        if verified:
            self.step(model, "pending", "active")
        return model

    @rule(
        model=sellers, step=st.sampled_from([("pending", "active"), ("active", "suspended"), ("suspended", "active")])
    )
    def change_status(self, model: ModelSeller, step: tuple[str, str]) -> None:
        self.step(model, *step)

    def step(self, model: ModelSeller, source: str, target: str) -> None:
        steps = {"pending": accounts.verify_seller, "active": accounts.suspend_seller}
        act = steps.get(source, accounts.reactivate_seller)
        self.same(model.step(source, target), partial(act, seller_id=self.real[model][0].pk, changed_by=self.staff))

    @rule(model=sellers, limit=st.none() | amounts)
    def set_limit(self, model: ModelSeller, limit: Decimal | None) -> None:
        model.limit = limit
        accounts.update_seller(seller_id=self.real[model][0].pk, changes={"daily_limit": limit}, changed_by=self.staff)

    @rule(target=requests, model=sellers, amount=amounts, approved=st.booleans())
    def request(self, model: ModelSeller, amount: Decimal, approved: bool) -> object:
        filed: list[CreditRequest] = []
        owner = self.real[model][1]
        expected = model.request()
        self.same(
            expected,
            lambda: filed.append(credit.submit_credit_request(requested_by=owner, amount=amount).credit_request),
        )
        if expected != "ok":
            return multiple()
        request = ModelRequest(model, amount)
        self.filed[request] = filed[0]
        if approved:
            self.decide(request, "approved")
        return request

    @rule(request=requests, status=st.sampled_from(["approved", "rejected", "cancelled"]))
    def decide(self, request: ModelRequest, status: str) -> None:
        request_id, owner = self.filed[request].pk, self.real[request.seller][1]
        acts: dict[str, Callable[[], object]] = {
            "approved": lambda: credit.approve_credit_request(
                credit_request_id=request_id, approved_by=self.staff, confirm_status=request.seller.status
            ),
            "rejected": lambda: credit.reject_credit_request(
                credit_request_id=request_id, rejected_by=self.staff, reason="no"
            ),
            "cancelled": lambda: credit.cancel_credit_request(credit_request_id=request_id, cancelled_by=owner),
        }
        self.same(request.decide(status), acts[status])

    @rule(model=sellers, phone=phones, amount=amounts, key=keys)
    def charge(self, model: ModelSeller, phone: str, amount: Decimal, key: str) -> None:
        self.sell(model, phone, amount, key)
        self.sold.append((model, phone, amount, key))

    @rule(data=st.data())
    def retry(self, data: st.DataObject) -> None:
        if self.sold:
            self.sell(*data.draw(st.sampled_from(self.sold)))

    def sell(self, model: ModelSeller, phone: str, amount: Decimal, key: str) -> None:
        expected = model.charge(phone, amount, key)
        answers: list[Sale] = []

        def act() -> None:
            claims = self.real[model][2]
            answers.append(sales.sell_charge(claims=claims, phone_number=phone, amount=amount, idempotency_key=key))

        self.same(expected, act)
        assert [answer.replayed for answer in answers] == {"ok": [False], "replayed": [True]}.get(expected, [])

    @rule(model=sellers, data=st.data())
    def reverse(self, model: ModelSeller, data: st.DataObject) -> None:
        if not model.entries:
            return
        number = data.draw(st.integers(1, len(model.entries)))
        entry: ModelEntry = model.entries[number - 1]
        entry_id = LedgerEntry.objects.get(seller=self.real[model][0], sequence=number).pk
        self.same(
            entry.reverse(),
            partial(reverse_entry, entry_id=entry_id, reason="mistake", reversed_by_id=self.staff.pk),
        )

    @invariant()
    def the_platform_is_where_the_model_is(self) -> None:
        for model, (seller, _, _) in self.real.items():
            wallet = Wallet.objects.select_related("seller").get(pk=seller.pk)
            real = (
                wallet.balance,
                wallet.sequence,
                wallet.spent_today,
                wallet.seller.status,
                wallet.seller.daily_limit,
            )
            assert real == (model.balance, len(model.entries), model.spent, model.status, model.limit)
            assert Verification().run(seller.pk).problems == []
        for request, filed in self.filed.items():
            assert CreditRequest.objects.get(pk=filed.pk).status == request.status


@pytest.mark.django_db(transaction=True)
def test_the_platform_does_what_the_model_does(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("apps.transactions.ledger.locking", "apps.transactions.entries.services"):
        monkeypatch.setattr(f"{module}.business_day", lambda moment: date(2026, 1, 1))  # no midnight comes between
    run_state_machine_as_test(Platform, settings=PROFILE)
    assert Verification().run().problems == []
