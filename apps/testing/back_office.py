"""Staff who are logged in to the back office, and rows for its pages."""

from dataclasses import dataclass
from typing import Any

from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.accounts.models import ApiClient, AuditEvent, Seller, Session, User
from apps.accounts.roles import StaffRole
from apps.delivery.models import NumberRange, PriceTerms
from apps.outbox.models import Event
from apps.testing.deliveries import compare_empty_book, unknown_delivery
from apps.testing.factories import add_credit, file_request, make_proposal, make_seller, make_staff, sell
from apps.testing.programs import make_program
from apps.testing.webhooks import make_delivery, make_endpoint
from apps.transactions.models import LedgerEntry, Wallet
from apps.transactions.reconciliation.reconcile import reconcile_all
from apps.transactions.reconciliation.runs import record_run

PASSWORD = "a-long-Pass-phrase-7"

STAFF = {*StaffRole.values, "superuser"}
ADMIN = {"admin", "superuser"}
AUDIT = ADMIN | {"auditor"}
APPROVE = ADMIN | {"credit_approver"}
# The roles that view, add and change rows of each model, and those that take each action.
CONTRACT: dict[str, dict[str, set[str]]] = {
    "accounts.seller": {"view": STAFF, "change": ADMIN, "verify": ADMIN, "suspend": ADMIN, "reactivate": ADMIN},
    "accounts.apiclient": {"view": STAFF, "revoke": ADMIN},
    "accounts.user": {"view": AUDIT, "add": ADMIN, "change": ADMIN, "end_sessions": ADMIN},
    "accounts.session": {"view": AUDIT, "end": ADMIN},
    "accounts.proposal": {"view": AUDIT},
    "accounts.auditevent": {"view": AUDIT},
    "transactions.wallet": {"view": STAFF, "reconcile": STAFF},
    "transactions.ledgerentry": {"view": STAFF, "reverse": ADMIN},
    "transactions.reconciliationrun": {"view": AUDIT},
    "credit_requests.creditrequest": {"view": STAFF, "approve": APPROVE, "reject": APPROVE},
    "notifications.webhookendpoint": {"view": STAFF},
    "notifications.webhookdelivery": {"view": STAFF, "resend": ADMIN},
    "outbox.event": {"view": STAFF},
    "delivery.delivery": {"view": STAFF, "mark_delivered": ADMIN, "mark_failed": ADMIN},
    "delivery.bookcomparison": {"view": AUDIT},
    "delivery.operator": {"view": AUDIT, "add": ADMIN, "change": ADMIN},
    "delivery.priceterms": {"view": AUDIT, "add": ADMIN},
    "delivery.numberrange": {"view": AUDIT, "add": ADMIN, "change": ADMIN},
}


def money_state() -> list[Any]:
    """Return the rows of money that an admin form must never change."""
    return [
        list(Wallet.objects.order_by("pk").values_list("pk", "balance", "sequence", "spent_today")),
        list(LedgerEntry.objects.order_by("pk").values_list("pk", "amount", "balance_after", "type")),
    ]


def one_of_each() -> dict[str, Any]:
    """Return one row of every model."""
    seller = make_seller()
    add_credit(seller, "100.00")
    entry, delivery = sell(seller), unknown_delivery(seller)
    webhook = make_delivery(make_endpoint(seller)[0])
    AuditEvent.objects.create(action="test", request_id="-")
    return {
        "accounts.seller": make_seller(status=Seller.Status.PENDING),
        "accounts.user": make_staff("support"),
        "accounts.apiclient": ApiClient.objects.get(
            user__username=make_program(seller, networks=["10.0.0.0/8"]).client_id
        ),
        "accounts.proposal": make_proposal(entry),
        "accounts.session": Session.objects.latest("pk"),
        "accounts.auditevent": AuditEvent.objects.latest("pk"),
        "transactions.wallet": seller.wallet,
        "transactions.ledgerentry": LedgerEntry.objects.get(pk=entry.pk),
        "transactions.reconciliationrun": record_run(reconcile_all(), seconds=0.0),
        "credit_requests.creditrequest": file_request(seller),
        "notifications.webhookendpoint": webhook.endpoint,
        "notifications.webhookdelivery": webhook,
        "outbox.event": Event.objects.latest("pk"),
        "delivery.delivery": delivery,
        "delivery.bookcomparison": compare_empty_book(delivery.operator),
        "delivery.operator": delivery.operator,
        "delivery.priceterms": PriceTerms.objects.create(
            operator=delivery.operator, seller=seller, effective_from=timezone.now().date(), discount_percent=5
        ),
        "delivery.numberrange": NumberRange.objects.get_or_create(prefix="+98912", operator=delivery.operator)[0],
    }


@dataclass
class Desk:
    """A member of staff in front of the admin."""

    user: User

    def __post_init__(self) -> None:
        self.client = Client()
        self.client.force_login(self.user)

    def get(self, name: str, *args: Any, **query: Any) -> Any:
        return self.client.get(reverse(f"admin:{name}", args=args), query)

    def post(self, name: str, *args: Any, data: dict[str, Any]) -> Any:
        return self.client.post(reverse(f"admin:{name}", args=args), data)

    def act(self, model: str, action: str, *rows: Any, confirmed: bool = True, **answers: Any) -> Any:
        """Take an action on rows of a list, past its confirmation page."""
        data = {"action": action, "_selected_action": [str(getattr(row, "pk", row)) for row in rows], **answers}
        if confirmed:
            data["confirmed"] = "yes"
        return self.client.post(reverse(f"admin:{model}_changelist"), data)

    def messages(self) -> list[str]:
        """Return the messages on the next page."""
        response: Any = self.client.get(reverse("admin:index"))
        return [str(message) for message in response.context["messages"]]


def desk(*roles: str, superuser: bool = False) -> Desk:
    return Desk(make_staff(*roles, superuser=superuser))


def user_form(user: User, **changes: Any) -> dict[str, Any]:
    """Return the form of a user's page as a browser posts it; a change to None leaves the field out."""
    data = {
        "username": user.username,
        "email": user.email,
        "first_name": "",
        "last_name": "",
        "is_active": "on",
        "groups": [str(pk) for pk in user.groups.values_list("pk", flat=True)],
        "seller": str(user.seller_id or ""),
        "seller_role": user.seller_role,
        **changes,
    }
    return {name: value for name, value in data.items() if value is not None}
