"""The permission of views that move money."""

from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView

from apps.accounts.permissions import caller
from apps.accounts.second_factor.services import check_stepped_up


class HasSteppedUp(BasePermission):
    """A recent second factor of a user who needs one. List it after the role."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        check_stepped_up(caller(request), request.auth.session_id)  # type: ignore[union-attr]  # our Claims
        return True
