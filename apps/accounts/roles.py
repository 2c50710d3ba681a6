"""Roles, and every named set of roles. Models, permissions, services and the back office derive theirs from here."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class SellerRole(models.TextChoices):
    """The role of a user within its seller."""

    OWNER = "owner", _("Owner")
    OPERATOR = "operator", _("Operator")
    VIEWER = "viewer", _("Viewer")


class StaffRole(models.TextChoices):
    """The groups of staff; a migration creates them."""

    ADMIN = "admin", _("Admin")
    CREDIT_APPROVER = "credit_approver", _("Credit approver")
    AUDITOR = "auditor", _("Auditor")
    SUPPORT = "support", _("Support")


STAFF = frozenset(role.value for role in StaffRole)
ADMINS = frozenset({StaffRole.ADMIN.value})
APPROVERS = ADMINS | {StaffRole.CREDIT_APPROVER.value}
AUDITORS = ADMINS | {StaffRole.AUDITOR.value}

SELLER_USERS = frozenset(role.value for role in SellerRole)
OWNERS = frozenset({SellerRole.OWNER.value})
# Owners are created by registration and by the platform, all others by invitation.
INVITED = SELLER_USERS - OWNERS
MAY_SELL = OWNERS | {SellerRole.OPERATOR.value}

MAY_READ = STAFF | SELLER_USERS
MAY_EDIT_SELLER = ADMINS | OWNERS
