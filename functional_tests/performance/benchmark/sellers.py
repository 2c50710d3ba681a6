"""Sellers that can charge: made with the project's own use cases, logged in with its own tokens."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from django.contrib.auth.models import Group

from apps.accounts.models import Seller, Session, User
from apps.accounts.roles import SellerRole, StaffRole
from apps.accounts.sessions.tokens import issue_pair
from apps.credit_requests.services import approve_credit_request, submit_credit_request

# More than any run sells.
CREDIT = Decimal("100000000000.00")


@dataclass(frozen=True, slots=True)
class Member:
    """A seller, its owner and the owner's access token."""

    seller_id: UUID
    owner_id: UUID
    token: str


def make_staff(role: StaffRole | None = None) -> User:
    """Create a user of staff with `role`, or a superuser; without a password, so that no login works."""
    staff = User.objects.create(username=f"bench-{secrets.token_hex(4)}", is_staff=True, is_superuser=role is None)
    if role:
        staff.groups.add(Group.objects.get(name=role))
    return staff


def make_members(count: int, approver: User) -> list[Member]:
    """Create `count` active sellers with `CREDIT` each."""
    return [_make_member(approver) for _ in range(count)]


def make_pending_owner() -> User:
    """Create a seller that no admin verified, and return its owner."""
    return _make_owner(Seller.Status.PENDING)


def _make_member(approver: User) -> Member:
    return _equip(_make_owner(Seller.Status.ACTIVE), approver)


def _make_owner(status: str) -> User:
    name = f"bench-{secrets.token_hex(6)}"
    seller = Seller.objects.create(company_name=name, email=f"{name}@example.com", status=status)
    return User.objects.create(username=name, seller=seller, seller_role=SellerRole.OWNER)


def members_of(seller_ids: Sequence[UUID], approver: User) -> list[Member]:
    """Return existing sellers as members, each with `CREDIT` more than before."""
    owners = User.objects.filter(seller_id__in=seller_ids, seller_role=SellerRole.OWNER)
    return [_equip(owner, approver) for owner in owners.select_related("seller")]


def _equip(owner: User, approver: User) -> Member:
    assert owner.seller_id is not None
    submission = submit_credit_request(requested_by=owner, amount=CREDIT)
    approve_credit_request(credit_request_id=submission.credit_request.pk, approved_by=approver)
    return Member(owner.seller_id, owner.pk, log_in(owner))


def log_in(user: User) -> str:
    """Open a session as a login does, without the price of a password, and return its access token."""
    session = Session(user=user)
    pair = issue_pair(session)
    session.save(force_insert=True)
    return pair.access
