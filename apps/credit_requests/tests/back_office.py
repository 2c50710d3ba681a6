"""What the tests of the back office begin with: people, a seller with a balance, a browser that is logged in."""

from dataclasses import dataclass
from decimal import Decimal
from itertools import count
from typing import Any

from django.contrib.auth.models import Group
from django.test import Client
from django.urls import reverse

from apps.accounts import services as accounts
from apps.accounts.models import Seller, Session, User
from apps.accounts.tokens import Claims
from apps.core.ids import uuid7
from apps.credit_requests import services
from apps.credit_requests.models import CreditRequest
from apps.transactions import services as transactions
from apps.transactions.models import LedgerEntry, Wallet

PASSWORD = "a-long-Pass-phrase-7"
_numbers = count(1)


def make_staff(*roles: str, superuser: bool = False) -> User:
    number = next(_numbers)
    user = User.objects.create(
        username=f"staff{number}", email=f"staff{number}@example.com", is_staff=True, is_superuser=superuser
    )
    user.groups.set(Group.objects.filter(name__in=roles))
    return user


def make_seller(status: Seller.Status = Seller.Status.ACTIVE, **fields: Any) -> Seller:
    number = next(_numbers)
    owner = accounts.create_seller(
        username=f"owner{number}",
        password=PASSWORD,
        email=f"owner{number}@example.com",
        company_name=fields.pop("company_name", f"Company {number}"),
        status=status,
        **fields,
    )
    assert owner.seller
    return owner.seller


def owner_of(seller: Seller) -> User:
    return seller.users.get(seller_role="owner")


def make_request(seller: Seller, amount: str = "100.00", note: str = "") -> CreditRequest:
    return services.submit_credit_request(
        requested_by=owner_of(seller), amount=Decimal(amount), note=note
    ).credit_request


def give_credit(seller: Seller, amount: str = "100.00") -> LedgerEntry:
    request = services.approve_credit_request(
        credit_request_id=make_request(seller, amount).pk, approved_by=make_staff("admin")
    )
    assert request.entry
    return request.entry


def sell(seller: Seller, amount: str = "10.00", phone_number: str = "+989121234567") -> LedgerEntry:
    owner = owner_of(seller)
    expires_at = seller.created_at.replace(year=2100)
    session = Session.objects.create(user=owner, refresh_jti="x", expires_at=expires_at)
    claims = Claims(user_id=owner.pk, session_id=session.pk, seller_id=seller.pk, jti=str(uuid7()))
    return transactions.sell_charge(claims=claims, phone_number=phone_number, amount=Decimal(amount)).entry


def money_state() -> list[Any]:
    """Return all that an admin form must never change behind the ledger's back."""
    return [
        list(Wallet.objects.order_by("pk").values_list("pk", "balance", "sequence", "spent_today")),
        list(LedgerEntry.objects.order_by("pk").values_list("pk", "amount", "balance_after", "type")),
    ]


@dataclass
class Desk:
    """A member of staff in front of the admin."""

    user: User

    def __post_init__(self) -> None:
        self.client = Client()
        self.client.force_login(self.user)

    def get(self, name: str, *args: Any, **query: Any) -> Any:
        return self.client.get(reverse(f"admin:{name}", args=args), query)

    def post(self, name: str, *args: Any, data: dict[str, Any]) -> Any:
        return self.client.post(reverse(f"admin:{name}", args=args), data)

    def act(self, model: str, action: str, *rows: Any, confirmed: bool = True, **answers: Any) -> Any:
        """Take an action on rows of a list, past its confirmation page."""
        data = {"action": action, "_selected_action": [str(getattr(row, "pk", row)) for row in rows], **answers}
        if confirmed:
            data["confirmed"] = "yes"
        return self.client.post(reverse(f"admin:{model}_changelist"), data)

    def messages(self) -> list[str]:
        """Return what the next page says."""
        response: Any = self.client.get(reverse("admin:index"))
        return [str(message) for message in response.context["messages"]]


def desk(*roles: str, superuser: bool = False) -> Desk:
    return Desk(make_staff(*roles, superuser=superuser))
