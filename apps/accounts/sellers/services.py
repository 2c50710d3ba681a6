"""Registration and changes of sellers, and creation of users."""

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from decimal import Decimal
from types import MappingProxyType
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib.auth.models import Group
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from apps.accounts import audit
from apps.accounts.models import AuditAction, Proposal, Seller, User
from apps.accounts.proposals.services import propose_or_confirm, two_are_needed_for
from apps.accounts.roles import SellerRole, StaffRole
from apps.core.database.errors import constraint_of
from apps.core.errors import DomainError, InvalidFields, InvalidInput, NotFound
from apps.core.observability import events
from apps.core.values.money import MAX_AMOUNT
from apps.outbox.models import EventType
from apps.outbox.services import record_event


class InvalidStatusTransition(DomainError):
    """The seller is not in the status that this step starts from."""

    code = "invalid_status_transition"


class UserLimitReached(DomainError):
    """The seller has as many users as it may have."""

    code = "user_limit_reached"


class ClientLimitReached(DomainError):
    """The seller has as many API clients as it may have."""

    code = "client_limit_reached"


_UNIQUE_FIELDS = MappingProxyType(
    {"user_username_unique": "username", "user_email_unique": "email", "seller_email_unique": "email"}
)

_TAKEN = {
    "username": gettext_noop("This username is already taken."),
    "email": gettext_noop("This email is already taken."),
}


_TOLD = MappingProxyType(
    {
        AuditAction.VERIFY: EventType.SELLER_VERIFIED,
        AuditAction.SUSPEND: EventType.SELLER_SUSPENDED,
        AuditAction.REACTIVATE: EventType.SELLER_REACTIVATED,
    }
)

Follower = Callable[[UUID, Collection[str]], None]
_followers: list[Follower] = []


def follow_changes(follow: Follower) -> None:
    """Let an app above see which fields of a seller change: `follow` is called in the transaction of the change."""
    if follow not in _followers:
        _followers.append(follow)


@contextmanager
def duplicates_named() -> Iterator[None]:
    """Turn the violation of a unique constraint into `InvalidInput` for its field, race or no race."""
    try:
        yield
    except IntegrityError as error:
        constraint = constraint_of(error)
        # AbstractUser has a case-sensitive unique index of its own on the username.
        field = _UNIQUE_FIELDS.get(constraint) or ("username" if "username" in constraint else None)
        if field is None:
            raise
        raise InvalidInput(field, _TAKEN[field], code="unique") from error


def judge_new_user(
    *,
    username: str | None = None,
    email: str | None = None,
    password: str | None = None,
    is_staff: bool = False,
    is_company: bool = False,
) -> Iterator[InvalidInput]:
    """Yield what stands against these fields of a new user, or of a new company with its owner."""
    user = User(username=User.normalize_username(username or ""), email=email or "", is_staff=is_staff)
    if username is not None:
        yield from _judge_username(user)
    models: tuple[type[User | Seller], ...] = (User, Seller) if is_company else (User,)
    if email and any(model._default_manager.filter(email__iexact=email).exists() for model in models):
        yield InvalidInput("email", _TAKEN["email"], code="unique")
    if password is not None:
        try:
            validate_password(password, user=user)
        except ValidationError as error:
            yield InvalidInput("password", " ".join(error.messages), code="weak_password")


def _judge_username(user: User) -> Iterator[InvalidInput]:
    if User.objects.named(user.username).exists():
        yield InvalidInput("username", _TAKEN["username"], code="unique")
        return
    try:
        user.check_username()
    except ValidationError as error:
        [cause] = error.error_dict["username"]
        yield InvalidInput("username", cause.messages[0], code=cause.code or "invalid")


def _new_user(password: str, *, is_company: bool = False, **fields: Any) -> User:
    """Return a new user, not saved; the hashing of its password costs the same if the name is taken.

    Raises:
        InvalidFields: username or email taken, username or password refused; all that apply.
    """
    user = User(**fields)
    user.set_password(password)
    judged = judge_new_user(
        username=user.username, email=user.email, password=password, is_staff=user.is_staff, is_company=is_company
    )
    if problems := list(judged):
        raise InvalidFields(problems)
    return user


def create_seller(
    *,
    username: str,
    password: str,
    email: str,
    company_name: str,
    phone_number: str = "",
    daily_limit: Decimal | None = None,
    status: Seller.Status = Seller.Status.PENDING,
    created_by: User | None = None,
) -> User:
    """Create a seller with its owner and return the owner. The seller's wallet is opened by the database.

    Without `created_by` the seller registers itself, which the audit trail does not record.

    Raises:
        InvalidInput: username or email taken, or the password is weak.
    """
    owner = _new_user(password, is_company=True, username=username, email=email, seller_role=SellerRole.OWNER)
    with duplicates_named(), transaction.atomic(durable=True):
        owner.seller = Seller.objects.create(
            company_name=company_name, email=email, phone_number=phone_number, daily_limit=daily_limit, status=status
        )
        owner.save(force_insert=True)
        if created_by is not None:
            detail = f"owner: {username}; daily_limit: {daily_limit}; status: {status.value}"
            audit.record(AuditAction.ADD, owner.seller, actor_id=created_by.pk, detail=detail)
    return owner


def create_seller_user(
    *, seller_id: UUID, role: SellerRole, username: str, password: str, email: str = "", created_by: User | None
) -> User:
    """Create a user of a seller; `created_by` is None for a command.

    Raises:
        InvalidInput: username or email taken, or the password is weak.
        UserLimitReached: the seller has no place for another user.
    """
    user = _new_user(password, username=username, email=email, seller_id=seller_id, seller_role=role)
    with duplicates_named(), transaction.atomic(durable=True):
        take_user_place(seller_id)
        user.save(force_insert=True)
        detail = f"role: {SellerRole(role).value}"
        audit.record(AuditAction.ADD, user, actor_id=created_by.pk if created_by else None, detail=detail)
    return user


def take_user_place(seller_id: UUID, *, is_client: bool = False) -> None:
    """Lock the seller's row, under which its users are counted, and refuse one more than it may have.

    People and clients are counted apart. Those who were deactivated leave their place, but not in a pending seller,
    which could add users without end.

    Raises:
        UserLimitReached, ClientLimitReached: the seller has no place left.
    """
    seller = _lock_seller(seller_id)
    users = User.objects.filter(seller=seller, is_client=is_client)
    if seller.status == Seller.Status.PENDING:
        limit = settings.PENDING_SELLER_USERS
    else:
        limit = settings.SELLER_API_CLIENTS if is_client else settings.SELLER_USERS
        users = users.filter(is_active=True)
    if 0 < limit <= users.count():
        if is_client:
            raise ClientLimitReached("The seller has as many API clients as it may have.", limit=limit)
        raise UserLimitReached("The seller has as many users as it may have.", limit=limit)


def create_staff_user(*, role: StaffRole, username: str, password: str, email: str = "") -> User:
    """Create a user of the staff, for a command; raises as `create_seller_user` does."""
    user = _new_user(password, username=username, email=email, is_staff=True)
    with duplicates_named(), transaction.atomic(durable=True):
        user.save(force_insert=True)
        user.groups.add(Group.objects.get(name=role))
        audit.record(AuditAction.ADD, user, actor_id=None, detail=f"role: {role.value}")
    return user


def change_password(*, user: User, password: str) -> None:
    """Change a password, for a command, which ends the user's sessions; raises `InvalidInput` for a weak one."""
    set_password(user, password)
    with transaction.atomic(durable=True):
        user.save(update_fields=["password"])
        audit.record(AuditAction.SET_PASSWORD, user, actor_id=None)


def set_password(user: User, password: str, *, field: str = "password") -> None:
    """Give `user` a password, without saving; raises `InvalidInput` on `field` for a weak one."""
    try:
        validate_password(password, user=user)
    except ValidationError as error:
        raise InvalidInput(field, " ".join(error.messages), code="weak_password") from error
    user.set_password(password)


def update_seller(*, seller_id: UUID, changes: Mapping[str, Any], changed_by: User) -> Proposal | None:
    """Change profile fields of a seller; the caller has chosen which ones its role may change.

    A daily limit that is raised above `CREDIT_APPROVAL_SECOND_REVIEW_AMOUNT` or taken away needs two: the first call
    returns a proposal and changes nothing, and the same call of another user makes all its changes.

    Raises:
        InvalidInput: the email is taken.
        NotFound: no seller has this id.
        SecondApproverNeeded: this user proposed it already.
    """
    with duplicates_named(), transaction.atomic(durable=True):
        seller = _lock_seller(seller_id)
        proposal = _propose_raise(seller, changes, changed_by)
        if proposal is not None:
            return proposal
        detail = audit.describe_changes({field: getattr(seller, field) for field in changes}, changes)
        for field, value in changes.items():
            setattr(seller, field, value)
        if changes:
            seller.save(update_fields=list(changes))
            for follow in _followers:
                follow(seller.pk, changes.keys())
            audit.record(AuditAction.CHANGE, seller, actor_id=changed_by.pk, detail=detail)
    return None


def _propose_raise(seller: Seller, changes: Mapping[str, Any], changed_by: User) -> Proposal | None:
    """Return the proposal of a raise that needs another user, or None if nothing stands in its way."""
    before, after = seller.daily_limit, changes.get("daily_limit", seller.daily_limit)
    is_raised = before is not None and (after is None or after > before)
    if not is_raised or not two_are_needed_for(MAX_AMOUNT if after is None else after):
        return None
    terms = f"daily_limit: {before} -> {after}"
    return propose_or_confirm(AuditAction.CHANGE, seller, terms=terms, actor_id=changed_by.pk)


def verify_seller(*, seller_id: UUID, changed_by: User) -> None:
    """Let a pending seller sell; raises `InvalidStatusTransition` from any other status."""
    _move(seller_id, Seller.Status.PENDING, Seller.Status.ACTIVE, AuditAction.VERIFY, changed_by)


def suspend_seller(*, seller_id: UUID, changed_by: User, reason: str = "") -> None:
    """Stop an active seller from selling, from its next request on; raises `InvalidStatusTransition`."""
    _move(seller_id, Seller.Status.ACTIVE, Seller.Status.SUSPENDED, AuditAction.SUSPEND, changed_by, reason)


def reactivate_seller(*, seller_id: UUID, changed_by: User) -> None:
    """Let a suspended seller sell again; raises `InvalidStatusTransition` from any other status."""
    _move(seller_id, Seller.Status.SUSPENDED, Seller.Status.ACTIVE, AuditAction.REACTIVATE, changed_by)


def _move(
    seller_id: UUID, source: Seller.Status, target: Seller.Status, action: AuditAction, actor: User, reason: str = ""
) -> None:
    with transaction.atomic(durable=True):
        seller = _lock_seller(seller_id)
        if seller.status != source:
            raise InvalidStatusTransition(
                _("A seller that is %(current)s cannot become %(wanted)s by this step.")
                % {"current": seller.get_status_display().lower(), "wanted": target.label.lower()},
                current_status=seller.status,
            )
        seller.status = target
        seller.save(update_fields=["status"])
        record_event(_TOLD[action], seller_id=seller_id, about=seller_id)
        audit.record(action, seller, actor_id=actor.pk, detail=reason)
    events.security("seller_status_changed", seller=seller_id, before=source.value, after=target.value)


def _lock_seller(seller_id: UUID) -> Seller:
    seller = Seller.objects.select_for_update(of=("self",), no_key=True).filter(pk=seller_id).first()
    if seller is None:
        raise NotFound("Seller not found.")
    return seller
