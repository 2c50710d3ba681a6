"""Forms for sellers and users."""

from typing import TYPE_CHECKING, Any
from uuid import UUID

from django import forms
from django.contrib.auth.forms import AdminUserCreationForm as DjangoUserCreationForm
from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from apps.accounts.models import Seller, User
from apps.accounts.roles import ADMINS, StaffRole
from apps.core.values.phones import normalize_mobile

if TYPE_CHECKING:
    from django.contrib.auth.forms import AdminPasswordChangeForm, AdminUserCreationForm, UserChangeForm

    AnyUserChangeForm = UserChangeForm[User]
    AnyUserCreationForm = AdminUserCreationForm[User]
    PasswordForm = AdminPasswordChangeForm[User]
    AnySellerForm = forms.ModelForm[Seller]
    UserFormMixin = forms.ModelForm[User]
else:
    from unfold.forms import AdminPasswordChangeForm as PasswordForm
    from unfold.forms import UserChangeForm as AnyUserChangeForm
    from unfold.forms import UserCreationForm as AnyUserCreationForm

    AnySellerForm = forms.ModelForm
    UserFormMixin = object

__all__ = ["PasswordForm", "SellerForm", "UserCreationForm", "UserForm"]


class SellerForm(AnySellerForm):
    """The editable profile of a seller."""

    class Meta:
        model = Seller
        fields = (
            "company_name", "email", "phone_number", "daily_limit", "charges_per_minute", "requests_per_minute",
        )  # fmt: skip

    def clean_phone_number(self) -> str:
        """Return the number as E.164; empty is allowed."""
        text = self.cleaned_data["phone_number"].strip()
        if not text:
            return ""
        try:
            return normalize_mobile(text)
        except ValueError as error:
            raise ValidationError(_(str(error)), code="invalid_phone_number") from error


# What each staff role may do, beside its name in the choice of roles.
_ROLE_TEXTS = {
    StaffRole.ADMIN: gettext_noop("everything: sellers, users, credit, reversals"),
    StaffRole.CREDIT_APPROVER: gettext_noop("reads everything but users and the audit trail; decides credit requests"),
    StaffRole.AUDITOR: gettext_noop("reads everything, reconciles, exports; changes nothing"),
    StaffRole.SUPPORT: gettext_noop("reads sellers, credit requests and the ledger"),
}


def role_name(group: Group) -> str:
    """Return the name of a staff role on screen."""
    return str(StaffRole(group.name).label) if group.name in StaffRole.values else group.name


def explained_role(group: Group) -> str:
    """Return the name of a staff role and what it may do."""
    text = _ROLE_TEXTS.get(group.name)  # type: ignore[call-overload]  # a member of StaffRole is its text
    return f"{role_name(group)}: {_(text)}" if text else role_name(group)


class RolesFormMixin(UserFormMixin):
    """Checks of a user's roles: staff or one seller, never both; any staff role makes the user staff."""

    editor_id: UUID | None = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "groups" in self.fields:  # not where the form is only shown
            self.fields["groups"].label_from_instance = explained_role  # type: ignore[attr-defined]  # a field of models

    def clean(self) -> dict[str, Any]:
        """Check the roles against each other, and that editors keep their own access."""
        data = super().clean() or self.cleaned_data
        groups, seller = data.get("groups"), data.get("seller")
        if groups and seller:
            raise ValidationError(_("A user is staff or belongs to a seller, not both."))
        if not (groups or seller or self.instance.is_superuser) and data.get("is_active", True):
            self.add_error("groups", _("Without a staff role or a seller this user could not log in anywhere."))
        if seller and not data.get("seller_role"):
            self.add_error("seller_role", _("A user of a seller needs a role."))
        if not seller:
            data["seller_role"] = ""
        if self.editor_id == self.instance.pk and self._loses_access(data):
            raise ValidationError(_("You cannot take your own access away."))
        self.instance.is_staff = bool(groups) or self.instance.is_superuser
        return data

    def _loses_access(self, data: dict[str, Any]) -> bool:
        stays_admin = self.instance.is_superuser or any(group.name in ADMINS for group in data.get("groups") or ())
        return not data.get("is_active", True) or not stays_admin


class UserForm(RolesFormMixin, AnyUserChangeForm):
    """A user's name, address and roles."""


class UserCreationForm(RolesFormMixin, AnyUserCreationForm):
    """A new user with its roles and first password."""

    class Meta(DjangoUserCreationForm.Meta):
        model = User
        fields = ("username", "email", "groups", "seller", "seller_role")
