"""Sellers, users and sessions in the back office."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from http import HTTPStatus
from typing import Any, cast
from uuid import UUID

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group
from django.db import transaction
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.accounts import audit
from apps.accounts.models import AuditAction, Seller, User
from apps.accounts.roles import ADMINS, AUDITORS, StaffRole
from apps.accounts.sellers import services
from apps.accounts.users import services as users
from apps.console.framework.confirmed_steps import Preview, ReasonForm, Step, take_step
from apps.console.framework.display import NOTHING, show_age, show_moment, show_money, show_phone, status_badge
from apps.console.framework.panels import Panel
from apps.console.framework.role_admin import RoleAdmin
from apps.console.pages.forms import PasswordForm, SellerForm, UserCreationForm, UserForm, role_name
from apps.console.panels.selection import seller_panels
from apps.console.panels.sellers import SELLER_KINDS

_ENDS_SESSIONS = frozenset({"groups", "is_active", "seller", "seller_role"})

admin.site.index_template = "console/home.html"
admin.site.index_title = _("Home")
admin.site.empty_value_display = NOTHING
admin.site.unregister(Group)  # the roles are made by a migration; who has them is said on the user


@admin.register(Seller)
class SellerAdmin(RoleAdmin):
    may_change = ADMINS
    form = SellerForm
    change_form_template = "console/seller.html"
    list_display = ("company_name", "shown_status", "email", "phone_number", "balance", "limit", "age")
    list_filter = ("status", "created_at")
    list_select_related = ("wallet",)
    search_fields = ("company_name", "email", "phone_number")
    fields = (
        "company_name", "email", "phone_number", "daily_limit", "charges_per_minute", "requests_per_minute",
        "shown_status", "registered_at",
    )  # fmt: skip
    readonly_fields = ("shown_status", "registered_at")
    actions = ("verify", "suspend", "reactivate")

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        def panels() -> list[Panel]:
            seller = self.get_object(request, object_id or "")
            return seller_panels(request, seller) if seller else []

        return super().changeform_view(request, object_id, form_url, {**(extra_context or {}), "panels": panels})

    @admin.display(description=_("Status"), ordering="status")
    def shown_status(self, seller: Seller) -> SafeString:
        return status_badge(seller.get_status_display(), seller.status, SELLER_KINDS)

    @admin.display(description=_("Balance"), ordering="wallet__balance")
    def balance(self, seller: Seller) -> str:
        return show_money(seller.wallet.balance)

    @admin.display(description=_("Daily limit"), ordering="daily_limit")
    def limit(self, seller: Seller) -> str:
        return show_money(seller.daily_limit)

    @admin.display(description=_("Age"), ordering="-id")
    def age(self, seller: Seller) -> str:
        return show_age(seller.created_at)

    @admin.display(description=_("Registered at"))
    def registered_at(self, seller: Seller) -> str:
        return show_moment(seller.created_at)

    def offers_step(self, name: str, row: Seller) -> bool:
        return {"verify": "pending", "suspend": "active", "reactivate": "suspended"}[name] == row.status

    def save_model(self, request: HttpRequest, obj: Seller, form: "ModelForm[Seller]", change: bool) -> None:
        """Change the profile through the service, as the API does."""
        changes = {name: form.cleaned_data[name] for name in form.changed_data}
        services.update_seller(seller_id=obj.pk, changes=changes, changed_by=cast("User", request.user))

    @admin.action(description=_("Verify"), permissions=["administer"])
    def verify(self, request: HttpRequest, queryset: QuerySet[Seller]) -> HttpResponse:
        return self._step(request, queryset, services.verify_seller, title=_("Verify sellers"), button=_("Verify"))

    @admin.action(description=_("Suspend"), permissions=["administer"])
    def suspend(self, request: HttpRequest, queryset: QuerySet[Seller]) -> HttpResponse:
        more: dict[str, Any] = {"form_class": ReasonForm, "is_dangerous": True}
        titles = {"title": _("Suspend sellers"), "button": _("Suspend")}
        return self._step(request, queryset, services.suspend_seller, **titles, **more)

    @admin.action(description=_("Reactivate"), permissions=["administer"])
    def reactivate(self, request: HttpRequest, queryset: QuerySet[Seller]) -> HttpResponse:
        titles = {"title": _("Reactivate sellers"), "button": _("Reactivate")}
        return self._step(request, queryset, services.reactivate_seller, **titles)

    def _step(
        self, request: HttpRequest, queryset: QuerySet[Seller], service: Callable[..., None], **step: Any
    ) -> HttpResponse:
        by = cast("User", request.user)

        def run(seller: Seller, answers: Mapping[str, Any]) -> None:
            service(seller_id=seller.pk, changed_by=by, **answers)

        return take_step(self, request, queryset, Step(run=run, preview=_preview, **step))


def _preview(sellers: Sequence[Seller]) -> Preview:
    """Show who is meant, and what it is now."""
    columns = [str(name).capitalize() for name in (_("email"), _("phone number"), _("status"), _("created at"))]
    cells = [
        (seller.email, show_phone(seller.phone_number), seller.get_status_display(), show_moment(seller.created_at))
        for seller in sellers
    ]
    return Preview(columns, cells)


class StaffRoleFilter(admin.SimpleListFilter):
    """Who has a role of staff."""

    title = _("Staff roles")
    parameter_name = "staff_role"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Sequence[tuple[str, Any]]:
        return StaffRole.choices

    def queryset(self, request: HttpRequest, queryset: QuerySet[User]) -> QuerySet[User]:
        return queryset.filter(groups__name=self.value()) if self.value() else queryset


@admin.register(User)
class UserAdmin(RoleAdmin, DjangoUserAdmin):  # type: ignore[type-arg]  # generic in the stubs only
    may_view = AUDITORS
    may_add = may_change = ADMINS
    form = UserForm
    add_form = UserCreationForm
    change_password_form = PasswordForm
    list_display = ("username", "email", "seller", "seller_role", "staff_role_names", "is_active", "logged_in_at")
    list_filter = ("is_active", StaffRoleFilter, "seller_role")
    list_select_related = ("seller",)
    search_fields = ("username", "email", "seller__company_name")
    ordering = ("-id",)
    filter_horizontal = ()
    autocomplete_fields = ("seller",)
    readonly_fields = ("logged_in_at", "joined_at")
    fieldsets = (
        (None, {"fields": ("username", "password", "email", "first_name", "last_name", "is_active")}),
        (_("Roles"), {"fields": ("groups", "seller", "seller_role")}),
        (_("Dates"), {"fields": ("logged_in_at", "joined_at")}),
    )
    add_fieldsets = (
        (None, {"fields": ("username", "email", "password1", "password2")}),
        (_("Roles"), {"fields": ("groups", "seller", "seller_role")}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        return super().get_queryset(request).prefetch_related("groups")

    @admin.display(description=_("Staff roles"))
    def staff_role_names(self, user: User) -> str:
        names = [role_name(group) for group in user.groups.all()]
        return ", ".join(names + [gettext("superuser")] * user.is_superuser) or NOTHING

    @admin.display(description=_("Last login"), ordering="last_login")
    def logged_in_at(self, user: User) -> str:
        return show_moment(user.last_login)

    @admin.display(description=_("Registered at"), ordering="date_joined")
    def joined_at(self, user: User) -> str:
        return show_moment(user.date_joined)

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> "type[ModelForm[Any]]":
        form = super().get_form(request, obj, change=change, **kwargs)
        return type(form.__name__, (form,), {"editor_id": cast("UUID", request.user.pk)})

    def save_model(self, request: HttpRequest, obj: User, form: "ModelForm[User]", change: bool) -> None:
        """Save through the service: a change of roles or a deactivation ends the user's sessions."""
        users.save_user(user=obj, ends_sessions=not _ENDS_SESSIONS.isdisjoint(form.changed_data))

    def _changeform_view(self, *args: Any) -> Any:
        """Save user, roles and line of the trail in one transaction, which a refusal undoes."""
        with transaction.atomic():
            return super()._changeform_view(*args)  # type: ignore[misc]  # not in the stubs

    def save_related(self, request: HttpRequest, form: "ModelForm[User]", formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        action = AuditAction.CHANGE if change else AuditAction.ADD
        if form.changed_data:
            audit.record(action, form.instance, actor_id=cast("User", request.user).pk, detail=_describe(form))

    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> HttpResponse:
        """Set a password, with its line in the trail."""
        with transaction.atomic():
            response = super().user_change_password(request, id, form_url)
            if response.status_code == HTTPStatus.FOUND:  # it was set; a form with an error is shown again
                user = self.get_object(request, id)
                audit.record(AuditAction.SET_PASSWORD, user, actor_id=cast("User", request.user).pk)
        return response


def _describe(form: "ModelForm[User]") -> str:
    """Return what was changed by a form, without passwords."""
    names = [name for name in form.changed_data if "password" not in name]
    before = {name: _text(form.initial.get(name)) for name in names}
    return audit.describe_changes(before, {name: _text(form.cleaned_data.get(name)) for name in names})


def _text(value: Any) -> str:
    if isinstance(value, Iterable) and not isinstance(value, str):
        return ", ".join(sorted(map(str, value)))
    return str(getattr(value, "pk", value) or "")
