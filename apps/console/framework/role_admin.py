"""The base of every page of the back office. Roles decide, not Django's permission rows; here and nowhere else."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.contrib.admin import ModelAdmin as DjangoModelAdmin
from django.contrib.admin import ShowFacets
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _

from apps.accounts.roles import ADMINS, APPROVERS, AUDITORS, STAFF
from apps.core.errors import DomainError, InvalidInput

NOBODY: frozenset[str] = frozenset()


def has_role(request: HttpRequest, roles: Iterable[str]) -> bool:
    """Tell whether the user of `request` is staff with at least one of `roles`."""
    user: Any = request.user
    return bool(user.is_active and user.is_authenticated and user.staff_roles.intersection(roles))


if TYPE_CHECKING:
    _DjangoModelAdmin = DjangoModelAdmin[Any]
else:
    _DjangoModelAdmin = DjangoModelAdmin


class _NotAtomic(_DjangoModelAdmin):
    """Do not wrap a form's request in a transaction: services open their own, short and durable ones."""

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        return self._changeform_view(request, object_id, form_url, extra_context)  # type: ignore[attr-defined]  # not in the stubs


if TYPE_CHECKING:

    class ModelAdmin(_NotAtomic):
        """The theme has no types."""

else:
    from unfold.admin import ModelAdmin


class RoleAdmin(ModelAdmin, _NotAtomic):
    """A page that says which roles may view, add and change. Nothing is ever deleted here, not even by a superuser.

    An action states a permission: `permissions=["administer"]`, `["approve"]`, `["audit"]` or `["view"]`.
    """

    may_view: frozenset[str] = STAFF
    may_add: frozenset[str] = NOBODY
    may_change: frozenset[str] = NOBODY
    list_per_page = 50
    show_full_result_count = False
    show_facets = ShowFacets.NEVER  # it counts every filter
    compressed_fields = True
    list_filter_submit = True

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return has_role(request, self.may_view)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return has_role(request, self.may_view)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return has_role(request, self.may_add)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return has_role(request, self.may_change)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_administer_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return has_role(request, ADMINS)

    def has_approve_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return has_role(request, APPROVERS)

    def has_audit_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return has_role(request, AUDITORS)

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        """Show or save a form; what a service refuses is told to the person, never a server error."""
        context = {
            **(extra_context or {}),
            "steps": lambda: self._steps(request, object_id),
            "steps_address": reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_changelist"),
        }
        try:
            return super().changeform_view(request, object_id, form_url, context)
        except InvalidInput as error:
            messages.error(request, f"{error.field}: {_(error.message)}")
        except DomainError as error:
            messages.error(request, _(error.message))
        return HttpResponseRedirect(request.get_full_path())

    def shown_name(self, row: Any) -> str:
        """Return how a row is called on its page."""
        return str(row)

    def offers_step(self, name: str, row: Any) -> bool:
        """Tell whether the action `name` makes sense for `row`, so that its page shows a button for it."""
        return True

    def _steps(self, request: HttpRequest, object_id: str | None) -> list[tuple[str, str]]:
        """Return the actions that this person may take on this row, for buttons on its page."""
        row = self.get_object(request, object_id) if object_id else None
        if row is None:
            return []
        actions: dict[str, Any] = self.get_actions(request)
        return [(name, label) for _function, name, label in actions.values() if self.offers_step(name, row)]

    def way_back(self, request: HttpRequest) -> str:
        """Return where a step was begun, if that is here; else the list."""
        target = request.POST.get("next", "")
        is_ours = url_has_allowed_host_and_scheme(target, {request.get_host()}, require_https=request.is_secure())
        return target if is_ours else request.get_full_path()

    def response_action(  # type: ignore[override]  # Django's has no third argument, whatever the stub says
        self, request: HttpRequest, queryset: QuerySet[Any]
    ) -> HttpResponse | None:
        """Run an action; ids that are none (a form made by hand) are told, not a server error."""
        try:
            return super().response_action(request, queryset)
        except (ValidationError, ValueError):
            messages.error(request, _("These are not rows of this list."))
            return HttpResponseRedirect(request.get_full_path())
