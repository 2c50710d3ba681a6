"""Changes of users: profile, role, password, deactivation. Users are never deleted."""

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from django.contrib.auth.hashers import check_password
from django.contrib.auth.models import Group
from django.db import transaction
from django.db.models import QuerySet

from apps.accounts import audit
from apps.accounts.models import AuditAction, Proposal, User
from apps.accounts.proposals.services import propose_or_confirm, two_are_needed
from apps.accounts.roles import APPROVERS, OWNERS
from apps.accounts.sellers.services import duplicates_named, set_password, take_user_place
from apps.accounts.sessions import login_events
from apps.accounts.sessions.login_events import Door
from apps.accounts.sessions.services import WrongPassword, revoke_sessions
from apps.core.errors import DomainError, NotFound, PermissionDenied


class DeactivatedByStaff(DomainError):
    """Staff deactivated the user, so only staff may reactivate it."""

    code = "deactivated_by_staff"


def save_user(*, user: User, ends_sessions: bool) -> None:
    """Save a user that staff edited; `ends_sessions`: the rights of its tokens have changed.

    Raises:
        InvalidInput: username or email taken.
    """
    if user.is_active:
        user.deactivated_by_owner = False
    with duplicates_named(), transaction.atomic():
        user.save()
        if ends_sessions:
            revoke_sessions(user)


def sets_own_password_only(user: User) -> bool:
    """Tell whether the user approves or administers, so that its password is worth a second person."""
    return bool(_approving_roles(user, user.groups.all()))


def withhold_approving_roles(*, user: User, chosen: dict[str, Any], changed_by: User) -> Proposal | None:
    """Propose roles that approve and that `user`, still unsaved, would gain; None if it may have them now.

    With four eyes, one admin could otherwise make the second. What is withheld is taken out of `chosen` (`groups`) and
    of `user`; a deactivated approver stays so. Call it in the transaction that saves the user.

    Raises:
        SecondApproverNeeded: this admin proposed it already.
    """
    if not two_are_needed():
        return None
    before = User.objects.select_for_update(no_key=True).filter(pk=user.pk).first()
    had = _approving_roles(before, before.groups.all()) if before else frozenset()
    held = had if before and before.is_active else frozenset()
    gained = (_approving_roles(user, chosen["groups"]) if user.is_active else frozenset()) - held
    if not gained:
        return None
    terms = f"roles: {', '.join(sorted(gained))}"
    proposal = propose_or_confirm(AuditAction.CHANGE, user, terms=terms, actor_id=changed_by.pk)
    if proposal is not None:
        chosen["groups"] = [group for group in chosen["groups"] if group.name not in gained - had]
        user.is_active = user.is_active and not gained & had
        user.is_staff = user.is_superuser or bool(chosen["groups"])
    return proposal


def _approving_roles(user: User, groups: Iterable[Group]) -> frozenset[str]:
    return (APPROVERS & {group.name for group in groups}) | ({"superuser"} if user.is_superuser else frozenset())


def people_of(seller_id: UUID) -> QuerySet[User]:
    """Return the users of a seller that log in with a password: all but its API clients."""
    return User.objects.filter(seller_id=seller_id, is_client=False)


def list_seller_users(seller_id: UUID) -> QuerySet[User]:
    """Return the users of a seller, the newest first."""
    return people_of(seller_id).order_by("-id")


def get_seller_user(user_id: UUID, *, seller_id: UUID) -> User:
    """Return one user of a seller.

    Raises:
        NotFound: the seller has no such user.
    """
    user = people_of(seller_id).filter(pk=user_id).first()
    if user is None:
        raise NotFound("User not found.")
    return user


def update_seller_user(*, user_id: UUID, seller_id: UUID, changes: Mapping[str, Any], changed_by: User) -> User:
    """Change `email`, `seller_role`, `is_active` or `password` of an operator or a viewer.

    A new password or a deactivation ends the user's sessions; a role counts from its next request on.

    Raises:
        NotFound: the seller has no such user.
        PermissionDenied: the user is an owner; only staff change owners, so that every seller keeps one.
        DeactivatedByStaff: `is_active` of a user that staff deactivated.
        InvalidInput: the email is taken, or the password is weak.
        UserLimitReached: the user would be active again, and the seller has no place for it.
    """
    with duplicates_named(), transaction.atomic(durable=True):
        user = people_of(seller_id).select_for_update(no_key=True).filter(pk=user_id).first()
        if user is None:
            raise NotFound("User not found.")
        if user.seller_role in OWNERS:
            raise PermissionDenied("Only staff may change an owner.")
        if changes.get("is_active") and not user.is_active:
            take_user_place(seller_id)
        plain = {name: value for name, value in changes.items() if name != "password"}
        if plain.get("is_active", user.is_active) != user.is_active:
            plain["deactivated_by_owner"] = _deactivates(user)
        detail = audit.describe_changes({name: getattr(user, name) for name in plain}, plain)
        for name, value in plain.items():
            setattr(user, name, value)
        if "password" in changes:
            set_password(user, changes["password"])
        user.save(update_fields={*plain, *changes})
        if not user.is_active:
            revoke_sessions(user)
        audit.record(_action_of(changes), user, actor_id=changed_by.pk, detail=detail)
    return user


def _deactivates(user: User) -> bool:
    """Tell whether an owner that changes `is_active` deactivates `user`; refuse to undo what staff did."""
    if not user.is_active and not user.deactivated_by_owner:
        raise DeactivatedByStaff("Only staff may reactivate a user that staff deactivated.")
    return user.is_active


def _action_of(changes: Mapping[str, Any]) -> AuditAction:
    if changes.get("is_active") is False:
        return AuditAction.DEACTIVATE
    return AuditAction.SET_PASSWORD if set(changes) == {"password"} else AuditAction.CHANGE


def change_own_password(*, user: User, session_id: UUID, current_password: str, new_password: str) -> None:
    """Change the password of `user` and end all its sessions but `session_id`.

    Raises:
        WrongPassword: the current password is another, or changed in this moment.
        InvalidInput: the new password is weak.
    """
    encoded = user.password
    if not check_password(current_password, encoded):
        login_events.login_failed(user.username, Door.PASSWORD)
        raise WrongPassword
    set_password(user, new_password, field="new_password")
    user.kept_sessions = (session_id,)
    with transaction.atomic(durable=True):
        if User.objects.select_for_update(no_key=True).filter(pk=user.pk, password=encoded).first() is None:
            raise WrongPassword
        user.save(update_fields=["password"])
        audit.record(AuditAction.SET_PASSWORD, user, actor_id=user.pk)


def deactivate_seller_user(*, user_id: UUID, seller_id: UUID, deactivated_by: User) -> None:
    """Deactivate a user, from its next request on; raises as `update_seller_user` does."""
    update_seller_user(user_id=user_id, seller_id=seller_id, changes={"is_active": False}, changed_by=deactivated_by)
