"""Sellers, users and sessions in the back office."""

from collections.abc import Callable, Mapping
from typing import Any, cast
from uuid import UUID

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from apps.accounts import services, users
from apps.accounts.admin_forms import PasswordForm, SellerForm, UserCreationForm, UserForm
from apps.accounts.confirmed_steps import ReasonForm, Step, take_step
from apps.accounts.models import Seller, Session, User
from apps.accounts.role_admin import ADMINS, AUDITORS, RoleAdmin

_ENDS_SESSIONS = frozenset({"groups", "is_active", "seller", "seller_role"})

admin.site.unregister(Group)  # the roles are made by a migration; who has them is said on the user


@admin.register(Seller)
class SellerAdmin(RoleAdmin):
    may_change = ADMINS
    form = SellerForm
    list_display = ("company_name", "status", "email", "phone_number", "balance", "daily_limit", "created_at")
    list_filter = ("status",)
    list_select_related = ("wallet",)
    search_fields = ("company_name", "email", "phone_number")
    fields = ("company_name", "email", "phone_number", "daily_limit", "status", "balance", "created_at")
    readonly_fields = ("status", "balance", "created_at")
    actions = ("verify", "suspend", "reactivate")

    @admin.display(description=_("Balance"), ordering="wallet__balance")
    def balance(self, seller: Seller) -> object:
        return seller.wallet.balance

    def save_model(self, request: HttpRequest, obj: Seller, form: "ModelForm[Seller]", change: bool) -> None:
        """Change the profile through the service, as the API does."""
        changes = {name: form.cleaned_data[name] for name in form.changed_data}
        services.update_seller(seller_id=obj.pk, changes=changes)

    @admin.action(description=_("Verify"), permissions=["administer"])
    def verify(self, request: HttpRequest, queryset: QuerySet[Seller]) -> HttpResponse:
        step = Step(title=str(_("Verify sellers")), button=str(_("Verify")), run=_by_id(services.verify_seller))
        return take_step(self, request, queryset, step)

    @admin.action(description=_("Suspend"), permissions=["administer"])
    def suspend(self, request: HttpRequest, queryset: QuerySet[Seller]) -> HttpResponse:
        step = Step(
            title=str(_("Suspend sellers")),
            button=str(_("Suspend")),
            run=_by_id(services.suspend_seller),
            form_class=ReasonForm,
            is_dangerous=True,
        )
        return take_step(self, request, queryset, step)

    @admin.action(description=_("Reactivate"), permissions=["administer"])
    def reactivate(self, request: HttpRequest, queryset: QuerySet[Seller]) -> HttpResponse:
        step = Step(
            title=str(_("Reactivate sellers")), button=str(_("Reactivate")), run=_by_id(services.reactivate_seller)
        )
        return take_step(self, request, queryset, step)


def _by_id(service: Callable[..., None]) -> Callable[[Seller, Mapping[str, Any]], None]:
    return lambda seller, answers: service(seller_id=seller.pk)


@admin.register(User)
class UserAdmin(RoleAdmin, DjangoUserAdmin):  # type: ignore[type-arg]
    may_view = AUDITORS
    may_add = may_change = ADMINS
    form = UserForm
    add_form = UserCreationForm
    change_password_form = PasswordForm
    list_display = ("username", "email", "seller", "seller_role", "staff_role_names", "is_active", "last_login")
    list_filter = ("is_active", "groups", "seller_role")
    list_select_related = ("seller",)
    search_fields = ("username", "email", "seller__company_name")
    ordering = ("-id",)
    filter_horizontal = ()
    autocomplete_fields = ("seller",)
    readonly_fields = ("last_login", "date_joined")
    fieldsets = (
        (None, {"fields": ("username", "password", "email", "first_name", "last_name", "is_active")}),
        (_("Roles"), {"fields": ("groups", "seller", "seller_role")}),
        (_("Dates"), {"fields": ("last_login", "date_joined")}),
    )
    add_fieldsets = (
        (None, {"fields": ("username", "email", "password1", "password2")}),
        (_("Roles"), {"fields": ("groups", "seller", "seller_role")}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        return super().get_queryset(request).prefetch_related("groups")

    @admin.display(description=_("Staff roles"))
    def staff_role_names(self, user: User) -> str:
        names = [group.name for group in user.groups.all()]
        return ", ".join(names + ["superuser"] * user.is_superuser)

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> "type[ModelForm[Any]]":
        form = super().get_form(request, obj, change=change, **kwargs)
        return type(form.__name__, (form,), {"editor_id": cast("UUID", request.user.pk)})

    def save_model(self, request: HttpRequest, obj: User, form: "ModelForm[User]", change: bool) -> None:
        """Save through the service: a change of roles or a deactivation ends the user's sessions."""
        users.save_user(user=obj, ends_sessions=not _ENDS_SESSIONS.isdisjoint(form.changed_data))


@admin.register(Session)
class SessionAdmin(RoleAdmin):
    may_view = AUDITORS
    list_display = ("user", "created_at", "expires_at", "revoked_at")
    list_select_related = ("user",)
    search_fields = ("user__username",)
    list_filter = ("created_at",)
    ordering = ("-id",)
    fields = ("user", "created_at", "expires_at", "revoked_at")
