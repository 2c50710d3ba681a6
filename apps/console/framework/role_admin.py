"""The base of every admin class. Roles decide what a page allows, not Django's permission rows."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, cast

from django.contrib import messages
from django.contrib.admin import ModelAdmin as DjangoModelAdmin
from django.contrib.admin import ShowFacets
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.utils import label_for_field
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from apps.accounts.models import User
from apps.accounts.roles import ADMINS, APPROVERS, AUDITORS, STAFF
from apps.console.framework.readable_filters import renamed
from apps.core.errors import DomainError, InvalidInput

WAITS = gettext_noop("Proposed. Nothing has changed yet: another user must take the same step within a day.")
NO_ROLE: frozenset[str] = frozenset()


class StepProposed(Exception):
    """A form whose change needs two users, and of whom this is the first."""


def has_role(request: HttpRequest, roles: Iterable[str]) -> bool:
    """Tell whether the user of `request` is staff with at least one of `roles`."""
    user: Any = request.user
    return bool(user.is_active and user.is_authenticated and user.staff_roles.intersection(roles))


if TYPE_CHECKING:
    _DjangoModelAdmin = DjangoModelAdmin[Any]
else:
    _DjangoModelAdmin = DjangoModelAdmin


class _NotAtomic(_DjangoModelAdmin):
    """Forms without a transaction around their request: services open their own, short and durable ones."""

    def changeform_view(self, *args: Any, **kwargs: Any) -> Any:
        return self._changeform_view(*args, **kwargs)  # type: ignore[attr-defined]  # not in the stubs


if TYPE_CHECKING:

    class ModelAdmin(_NotAtomic):
        """The theme's class, which has no types."""

else:
    from unfold.admin import ModelAdmin


class RoleAdmin(ModelAdmin, _NotAtomic):
    """Pages of one model, with the roles that may view, add and change. No role deletes, not even a superuser.

    An action states a permission: `permissions=["administer"]`, `["approve"]`, `["audit"]` or `["view"]`.
    """

    may_view: frozenset[str] = STAFF
    may_add: frozenset[str] = NO_ROLE
    may_change: frozenset[str] = NO_ROLE
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

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """Show or save a form; a service's refusal or proposal becomes a message on the same page."""
        try:
            return super().changeform_view(request, *args, **kwargs)
        except StepProposed:
            messages.warning(request, _(WAITS))
        except InvalidInput as error:
            messages.error(request, f"{label_for_field(error.field, self.model, self)}: {_(error.message)}")
        except DomainError as error:
            messages.error(request, _(error.message))
        return HttpResponseRedirect(request.get_full_path())

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """Add the row's buttons, one for each action that this role may take and that fits the row."""
        row = kwargs["obj"]
        actions: dict[str, Any] = self.get_actions(request) if row else {}
        user = cast("User", request.user)
        context["steps"] = [
            (name, label) for _action, name, label in actions.values() if self.offers_step(name, row, user)
        ]
        if row:
            context.update(title=self.shown_name(row), subtitle=None)
        return super().render_change_form(request, context, *args, **kwargs)

    def shown_name(self, row: Any) -> str:
        """Return the name of a row on its page."""
        return str(row)

    def offers_step(self, name: str, row: Any, user: User) -> bool:
        """Tell whether `user` can take the action `name` on `row` in its present state; roles are checked apart."""
        return True

    def way_back(self, request: HttpRequest) -> str:
        """Return the page where a step began, if it is one of ours; else the list."""
        target = request.POST.get("next", "")
        is_ours = url_has_allowed_host_and_scheme(target, {request.get_host()}, require_https=request.is_secure())
        return target if is_ours else request.get_full_path()

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """Build the list; `ValueError` for filters that are not understood, which the middleware answers."""
        try:
            found = super().get_changelist_instance(request)
        except IncorrectLookupParameters as error:  # Django would show the list without a word
            raise ValueError("unknown or malformed filters") from error
        found.title = str(capfirst(self.opts.verbose_name_plural))
        return found

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        """Show the list; an address with a filter's name of old is redirected to today's."""
        if request.method == "GET" and (query := renamed(request.GET)) is not None:
            return HttpResponseRedirect(f"{request.path}?{query}")
        return super().changelist_view(request, extra_context)

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        """Return the row, or None; an empty `_to_field` is the primary key, as Django means it to be."""
        return super().get_object(request, object_id, from_field or None)

    def response_action(  # type: ignore[override]  # Django's has no third argument, unlike the stub
        self, request: HttpRequest, queryset: QuerySet[Any]
    ) -> HttpResponse | None:
        """Run an action; malformed ids (a form made by hand) become a message, not a server error."""
        try:
            return super().response_action(request, queryset)
        except (ValidationError, ValueError):
            messages.error(request, _("These are not rows of this list."))
            return HttpResponseRedirect(request.get_full_path())
