"""Sellers and users."""

from collections.abc import Callable, Iterable, Sequence
from http import HTTPStatus
from typing import Any, cast
from uuid import UUID

from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group
from django.db import transaction
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext, gettext_noop
from django.utils.translation import gettext_lazy as _

from apps.accounts import audit
from apps.accounts.models import AuditAction, Seller, User
from apps.accounts.roles import ADMINS, AUDITORS, StaffRole
from apps.accounts.sellers import services
from apps.accounts.users import services as users
from apps.console.framework.columns import column
from apps.console.framework.confirmed_steps import Answers, Preview, ReasonForm, Step, step_action
from apps.console.framework.display import NOTHING, copyable, show_age, show_moment, show_money, show_phone
from apps.console.framework.links import list_address
from apps.console.framework.range_filters import DayFilter
from apps.console.framework.readable_filters import ChoiceFilter, YesNoFilter
from apps.console.framework.role_admin import WAITS, RoleAdmin, StepProposed
from apps.console.pages import statement
from apps.console.pages.control import END_SESSIONS
from apps.console.pages.forms import PasswordForm, SellerForm, UserCreationForm, UserForm, role_name
from apps.console.panels import money
from apps.console.panels.clients import clients_of_seller
from apps.console.panels.sellers import shown_status, users_of_seller
from apps.console.panels.sessions import sessions_of_user
from apps.console.panels.timeline import timeline_of
from apps.console.panels.webhooks import endpoints_of_seller
from apps.core.values.phones import search_text

OWN_PASSWORD_ONLY = gettext_noop(
    "Only they themselves set the password of a user who approves: by “Change password”, or “manage.py changepassword”."
)
_ENDS_SESSIONS = frozenset({"groups", "is_active", "seller", "seller_role"})

admin.site.index_template = "console/home.html"
admin.site.index_title = _("Home")
admin.site.empty_value_display = NOTHING
admin.site.unregister(Group)  # a migration creates the roles; a user's page lists them


def _preview(sellers: Sequence[Seller], user: User) -> Preview:
    """Show contact, status and age of each seller."""
    columns = [str(name).capitalize() for name in (_("email"), _("phone number"), _("status"), _("created at"))]
    cells = [
        (seller.email, show_phone(seller.phone_number), seller.get_status_display(), show_moment(seller.created_at))
        for seller in sellers
    ]
    return Preview(columns, cells)


def _run(service: Callable[..., None]) -> Callable[[Seller, User, Answers], None]:
    return lambda seller, user, answers: service(seller_id=seller.pk, changed_by=user, **answers)


VERIFY = Step(title=_("Verify sellers"), button=_("Verify"), run=_run(services.verify_seller), preview=_preview)
SUSPEND = Step(
    title=_("Suspend sellers"), button=_("Suspend"), run=_run(services.suspend_seller), preview=_preview,
    form_class=ReasonForm, is_dangerous=True,
)  # fmt: skip
REACTIVATE = Step(
    title=_("Reactivate sellers"), button=_("Reactivate"), run=_run(services.reactivate_seller), preview=_preview
)


_PANELS = (money.balances_of_seller, users_of_seller, clients_of_seller, endpoints_of_seller)


@admin.register(Seller)
class SellerAdmin(RoleAdmin):
    may_change = ADMINS
    form = SellerForm
    change_form_template = "console/seller.html"
    list_display = ("company_name", "shown_status", "email", "phone_number", "balance", "limit", "age")
    list_filter = (("status", ChoiceFilter), ("created_at", DayFilter))
    list_select_related = ("wallet",)
    search_fields = ("company_name", "email", "phone_number")
    fields = (
        "company_name", "email", "phone_number", "daily_limit", "charges_per_minute", "requests_per_minute",
        "require_idempotency_key", "shown_alert", "shown_status", "registered_at", "copied_id",
    )  # fmt: skip
    # The first two are the seller's own.
    readonly_fields = ("require_idempotency_key", "shown_alert", "shown_status", "registered_at", "copied_id")
    actions = ("verify", "suspend", "reactivate")

    shown_status = column(_("Status"), shown_status, "status")
    balance = column(_("Balance"), lambda row: show_money(row.wallet.balance), "wallet__balance")
    limit = column(_("Daily limit"), lambda row: show_money(row.daily_limit), "daily_limit")
    age = column(_("Age"), lambda row: show_age(row.created_at), "-id")
    shown_alert = column(
        Seller._meta.get_field("low_balance_alert").verbose_name, lambda row: show_money(row.low_balance_alert)
    )
    copied_id = column(_("id"), lambda row: copyable(row.pk))
    registered_at = column(_("Registered at"), lambda row: show_moment(row.created_at))

    verify = step_action(VERIFY, "administer")
    suspend = step_action(SUSPEND, "administer")
    reactivate = step_action(REACTIVATE, "administer")

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """Add figures, statement and timeline above the form, and panels below it."""
        seller = kwargs["obj"]
        context |= {
            "figures": [money.figures_of_seller(request, seller)],
            "timeline": timeline_of(request, seller),
            "entries_address": list_address("transactions_ledgerentry", seller=seller.pk),
            "statement_address": reverse("admin:accounts_seller_statement", args=[seller.pk]),
            "months": statement.months_of(seller),
            "panels": [panel(request, seller) for panel in _PANELS],
        }
        return super().render_change_form(request, context, *args, **kwargs)

    def get_urls(self) -> list[URLPattern]:
        page = self.admin_site.admin_view(statement.statement)
        return [path("<uuid:seller_id>/statement/", page, name="accounts_seller_statement"), *super().get_urls()]

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Seller], search_term: str
    ) -> tuple[QuerySet[Seller], bool]:
        """Find sellers also by a phone number as people type it, in national form and in any digits."""
        found, may_repeat = super().get_search_results(request, queryset, search_term)
        return found | queryset.filter(phone_number__contains=search_text(search_term)), may_repeat

    def offers_step(self, name: str, row: Seller, user: User) -> bool:
        return {"verify": "pending", "suspend": "active", "reactivate": "suspended"}[name] == row.status

    def save_model(self, request: HttpRequest, obj: Seller, form: "ModelForm[Seller]", change: bool) -> None:
        """Change the profile through the service, as the API does."""
        changes = {name: form.cleaned_data[name] for name in form.changed_data}
        if services.update_seller(seller_id=obj.pk, changes=changes, changed_by=cast("User", request.user)):
            raise StepProposed


class StaffRoleFilter(admin.SimpleListFilter):
    """Users with one staff role."""

    title = _("Staff roles")
    parameter_name = "staff_role"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Sequence[tuple[str, Any]]:
        return StaffRole.choices

    def queryset(self, request: HttpRequest, queryset: QuerySet[User]) -> QuerySet[User]:
        return queryset.filter(groups__name=self.value()) if self.value() else queryset


def _staff_role_names(user: User) -> str:
    names = [role_name(group) for group in user.groups.all()]
    return ", ".join(names + [gettext("superuser")] * user.is_superuser) or NOTHING


@admin.register(User)
class UserAdmin(RoleAdmin, DjangoUserAdmin):  # type: ignore[type-arg]  # generic in the stubs only
    may_view = AUDITORS
    may_add = may_change = ADMINS
    form = UserForm
    add_form = UserCreationForm
    change_password_form = PasswordForm
    list_display = ("username", "email", "seller", "seller_role", "staff_role_names", "is_active", "logged_in_at")
    list_filter = (("is_active", YesNoFilter), StaffRoleFilter, ("seller_role", ChoiceFilter))
    list_select_related = ("seller",)
    search_fields = ("username", "email", "seller__company_name")
    ordering = ("-id",)
    filter_horizontal = ()
    autocomplete_fields = ("seller",)
    readonly_fields = ("logged_in_at", "joined_at", "copied_id")
    change_form_template = "console/user.html"
    actions = ("end_sessions",)
    fieldsets = (
        (None, {"fields": ("username", "password", "email", "first_name", "last_name", "is_active")}),
        (_("Roles"), {"fields": ("groups", "seller", "seller_role")}),
        (_("Dates"), {"fields": ("logged_in_at", "joined_at", "copied_id")}),
    )
    add_fieldsets = (
        (None, {"fields": ("username", "email", "password1", "password2")}),
        (_("Roles"), {"fields": ("groups", "seller", "seller_role")}),
    )

    end_sessions = step_action(END_SESSIONS, "administer")

    copied_id = column(_("id"), lambda row: copyable(row.pk))
    staff_role_names = column(_("Staff roles"), _staff_role_names)
    logged_in_at = column(_("Last login"), lambda row: show_moment(row.last_login), "last_login")
    joined_at = column(_("Registered at"), lambda row: show_moment(row.date_joined), "date_joined")

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        """Leave out API clients, which have a page of their own."""
        return super().get_queryset(request).filter(is_client=False).prefetch_related("groups")

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """Add the user's sessions below the form."""
        context["panels"] = [sessions_of_user(kwargs["obj"])] if kwargs["obj"] else []
        return super().render_change_form(request, context, *args, **kwargs)

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> "type[ModelForm[Any]]":
        form = super().get_form(request, obj, change=change, **kwargs)
        return type(form.__name__, (form,), {"editor_id": cast("UUID", request.user.pk)})

    def save_model(self, request: HttpRequest, obj: User, form: "ModelForm[User]", change: bool) -> None:
        """Save through the service: a change of roles or a deactivation ends the user's sessions.

        Roles that approve wait for another admin; the rest of the form is saved.
        """
        if users.withhold_approving_roles(user=obj, chosen=form.cleaned_data, changed_by=cast("User", request.user)):
            messages.warning(request, f"{gettext('Roles')}: {gettext(WAITS)}")
        users.save_user(user=obj, ends_sessions=not _ENDS_SESSIONS.isdisjoint(form.changed_data))

    def _changeform_view(self, *args: Any) -> Any:
        """Save user, roles and audit event in one transaction, which a refusal rolls back."""
        with transaction.atomic():
            return super()._changeform_view(*args)  # type: ignore[misc]  # not in the stubs

    def save_related(self, request: HttpRequest, form: "ModelForm[User]", formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        action = AuditAction.CHANGE if change else AuditAction.ADD
        if form.changed_data:
            audit.record(action, form.instance, actor_id=cast("User", request.user).pk, detail=_describe(form))

    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> HttpResponse:
        """Set a password and record it in the audit trail, in one transaction; not of those who approve."""
        user = self.get_object(request, id)
        if user is not None and users.sets_own_password_only(user):
            messages.error(request, gettext(OWN_PASSWORD_ONLY))
            return HttpResponseRedirect(reverse("admin:accounts_user_change", args=[user.pk]))
        with transaction.atomic():
            response = super().user_change_password(request, id, form_url)
            if response.status_code == HTTPStatus.FOUND:  # the form was valid and the password set
                audit.record(AuditAction.SET_PASSWORD, user, actor_id=cast("User", request.user).pk)
        return response


def _describe(form: "ModelForm[User]") -> str:
    """Return the changes of a form, without passwords."""
    names = [name for name in form.changed_data if "password" not in name]
    before = {name: _text(form.initial.get(name)) for name in names}
    return audit.describe_changes(before, {name: _text(form.cleaned_data.get(name)) for name in names})


def _text(value: Any) -> str:
    if isinstance(value, Iterable) and not isinstance(value, str):
        return ", ".join(sorted(map(str, value)))
    return str(getattr(value, "pk", value) or "")
