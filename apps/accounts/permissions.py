"""Every role check of the API."""

from typing import Any, cast
from uuid import UUID

from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView

from apps.accounts import roles
from apps.accounts.models import User
from apps.core.errors import NotFound


def roles_required(wanted: frozenset[str]) -> type[BasePermission]:
    """Return a permission class that asks for at least one of the roles in `wanted`."""

    class HasRole(BasePermission):
        def has_permission(self, request: Request, view: APIView) -> bool:
            user: Any = request.user
            return bool(user and user.is_authenticated and wanted.intersection(user.roles))

    return HasRole


IsAdmin = roles_required(roles.ADMINS)
IsStaffMember = roles_required(roles.STAFF)
IsAuditor = roles_required(roles.AUDITORS)
IsCreditApprover = roles_required(roles.APPROVERS)
IsOwner = roles_required(roles.OWNERS)
IsSellerUser = roles_required(roles.SELLER_USERS)
MayRead = roles_required(roles.MAY_READ)
MayEditSeller = roles_required(roles.MAY_EDIT_SELLER)


def caller(request: Request) -> User:
    """Return the user of a request whose view requires a role."""
    return cast("User", request.user)


def own_seller_id(request: Request) -> UUID:
    """Return the seller of a request whose view requires a role within a seller."""
    seller_id = caller(request).seller_id
    assert seller_id is not None  # noqa: S101  (an owner has a seller)
    return seller_id


def seller_scope(user: User) -> UUID | None:
    """Return the only seller that `user` may see, or None for staff, who see all."""
    return None if user.staff_roles else user.seller_id


def visible_seller_id(user: User, seller_id: UUID | str) -> UUID:
    """Return the id of the seller that a path names (`me` or an id), if `user` may see it.

    Raises:
        NotFound: the path names another seller, or `user` belongs to none.
    """
    wanted = user.seller_id if seller_id == "me" else UUID(str(seller_id))
    scope = seller_scope(user)
    if wanted is None or (scope is not None and wanted != scope):
        raise NotFound("Seller not found.")
    return wanted
