"""Who may do what: every role check of the API."""

from typing import Any, cast
from uuid import UUID

from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView

from apps.accounts.models import SellerRole, StaffRole, User
from apps.core.errors import NotFound


def roles_required(*roles: str) -> type[BasePermission]:
    """Return a permission class: the user has at least one of `roles`."""
    wanted = frozenset(roles)

    class HasRole(BasePermission):
        def has_permission(self, request: Request, view: APIView) -> bool:
            user: Any = request.user
            return bool(user and user.is_authenticated and wanted.intersection(user.roles))

    return HasRole


IsAdmin = roles_required(StaffRole.ADMIN)
IsStaffMember = roles_required(*StaffRole.values)
IsAuditor = roles_required(StaffRole.ADMIN, StaffRole.AUDITOR)
IsCreditApprover = roles_required(StaffRole.ADMIN, StaffRole.CREDIT_APPROVER)
IsOwner = roles_required(SellerRole.OWNER)
MayRead = roles_required(*StaffRole.values, *SellerRole.values)
MayEditSeller = roles_required(StaffRole.ADMIN, SellerRole.OWNER)


def caller(request: Request) -> User:
    """Return the user behind a request that a role was required for."""
    return cast("User", request.user)


def seller_scope(user: User) -> UUID | None:
    """Return the only seller that `user` may see, or None for staff, who see all."""
    return None if user.staff_roles else user.seller_id


def visible_seller_id(user: User, seller_id: UUID | str) -> UUID:
    """Return the id of the seller that a path names (`me` or an id), if `user` may see it.

    Raises:
        NotFound: it is another seller's, or `user` belongs to none.
    """
    wanted = user.seller_id if seller_id == "me" else UUID(str(seller_id))
    scope = seller_scope(user)
    if wanted is None or (scope is not None and wanted != scope):
        raise NotFound("Seller not found.")
    return wanted
