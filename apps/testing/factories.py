"""Sellers, users and money for tests. Money is made as in life: by credit requests that staff approve."""

from decimal import Decimal
from itertools import count
from uuid import UUID

from django.contrib.auth.models import Group

from apps.accounts.models import Proposal, Seller, Session, User
from apps.accounts.roles import SellerRole
from apps.accounts.sessions.tokens import Claims, issue_pair, read_access
from apps.credit_requests.models import CreditRequest
from apps.credit_requests.services import approve_credit_request, submit_credit_request
from apps.testing.api import PHONE, Caller
from apps.transactions.charges.services import sell_charge
from apps.transactions.entries.services import reverse_entry
from apps.transactions.models import LedgerEntry

NEVER = UUID("0197f3a0-7c1e-7b6a-9d1f-3f6f0c2f8a11")  # a well-formed id that nothing has

_numbers = count(1)


def make_seller(
    *,
    balance: str = "0.00",
    status: Seller.Status = Seller.Status.ACTIVE,
    daily_limit: str | None = None,
    company_name: str = "",
) -> Seller:
    """Create a seller with its owner, and credit it with `balance`."""
    number = next(_numbers)
    seller = Seller.objects.create(
        company_name=company_name or f"Company {number}",
        email=f"company{number}@example.com",
        phone_number=PHONE,
        status=status,
        daily_limit=None if daily_limit is None else Decimal(daily_limit),
    )
    make_user(seller)
    if Decimal(balance):
        add_credit(seller, balance)
    return seller


def make_user(seller: Seller, role: SellerRole = SellerRole.OWNER) -> User:
    """Create a user of a seller, without a password."""
    number = next(_numbers)
    return User.objects.create(
        username=f"{role.value}{number}", email=f"user{number}@example.com", seller=seller, seller_role=role
    )


def make_staff(*groups: str, superuser: bool = False) -> User:
    """Create a member of staff in `groups`, without a password."""
    number = next(_numbers)
    user = User.objects.create(
        username=f"staff{number}", email=f"staff{number}@example.com", is_staff=True, is_superuser=superuser
    )
    user.groups.set(Group.objects.filter(name__in=groups))
    return user


def owner_of(seller: Seller) -> User:
    """Return the owner that was made with the seller."""
    return seller.users.filter(seller_role=SellerRole.OWNER).order_by("pk")[0]


def log_in(user: User) -> Caller:
    """Begin a session of `user` without asking for a password."""
    session = Session(user=user)
    pair = issue_pair(session)
    session.save(force_insert=True)
    return Caller(pair.access, pair.refresh)


def claims_of(user: User) -> Claims:
    """Begin a session of `user` and return what its access token claims, for calls of the service layer."""
    return read_access(log_in(user).access.encode())


def file_request(seller: Seller, amount: str = "10.00", *, note: str = "", key: str = "") -> CreditRequest:
    """File a credit request as the seller's owner."""
    submission = submit_credit_request(
        requested_by=owner_of(seller), amount=Decimal(amount), note=note, idempotency_key=key
    )
    return submission.credit_request


def add_credit(seller: Seller, amount: str) -> LedgerEntry:
    """Raise a balance by an approved credit request."""
    approved = approve_credit_request(
        credit_request_id=file_request(seller, amount).pk,
        approved_by=make_staff("credit_approver"),
        confirm_status=seller.status,
    )
    assert approved.entry is not None
    return approved.entry


def sell(seller: Seller, amount: str = "1.00", *, phone_number: str = PHONE, key: str = "") -> LedgerEntry:
    """Sell a charge as the seller's owner."""
    sale = sell_charge(
        claims=claims_of(owner_of(seller)), phone_number=phone_number, amount=Decimal(amount), idempotency_key=key
    )
    return sale.entry


def reverse(entry: LedgerEntry, reason: str = "mistake") -> LedgerEntry:
    """Reverse an entry as an admin."""
    reversal = reverse_entry(entry_id=entry.pk, reason=reason, reversed_by_id=make_staff("admin").pk)
    assert isinstance(reversal, LedgerEntry)
    return reversal


def make_proposal(entry: LedgerEntry, proposed_by: User | None = None) -> Proposal:
    """Propose the reversal of an entry."""
    return Proposal.objects.create(
        action="reverse",
        subject="transactions.ledgerentry",
        subject_id=str(entry.pk),
        subject_name=str(entry),
        terms=f"amount: {entry.amount}",
        proposed_by=proposed_by or make_staff("admin"),
    )
