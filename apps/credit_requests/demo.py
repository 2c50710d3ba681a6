"""Demo data, made by the services that the API uses; a second time adds nothing."""

import secrets
from dataclasses import dataclass
from decimal import Decimal

from apps.accounts.models import Seller, User
from apps.accounts.roles import SellerRole, StaffRole
from apps.accounts.sellers import services as accounts
from apps.accounts.sessions.login_events import Door
from apps.accounts.sessions.services import close_session, open_session
from apps.accounts.sessions.tokens import Claims, read_access
from apps.credit_requests import services
from apps.credit_requests.models import CreditRequest
from apps.transactions.charges.services import sell_charge
from apps.transactions.entries.services import AlreadyReversed, reverse_entry
from apps.transactions.models import EntryType, LedgerEntry

PASSWORD_BYTES = 9
DAILY_LIMIT = Decimal("2000000.00")
SMALL_CREDIT = Decimal("1000000.00")
# Amounts of the credit requests of the first seller, by the status that each ends in.
REQUESTS = {
    CreditRequest.Status.APPROVED: Decimal("5000000.00"),
    CreditRequest.Status.REJECTED: Decimal("90000000.00"),
    CreditRequest.Status.CANCELLED: Decimal("1500000.00"),
    CreditRequest.Status.PENDING: Decimal("2500000.00"),
}
CHARGES = (
    ("+989121000001", Decimal("50000.00")),
    ("+989121000002", Decimal("100000.00")),
    ("+989351000003", Decimal("20000.00")),
    ("+989121000001", Decimal("200000.00")),
    ("+989901000004", Decimal("10000.00")),
    ("+989351000003", Decimal("75000.00")),
)


@dataclass(frozen=True, slots=True)
class Login:
    """A user with its new password."""

    user: User
    password: str
    role: str


def seed() -> list[Login]:
    """Create the missing parts of the demo, and return its logins. Their passwords are new each time."""
    admin = _staff("demo-admin", StaffRole.ADMIN)
    approver = _staff("demo-approver", StaffRole.CREDIT_APPROVER)
    active = _seller("demo-mehr", "Mehr Mobile")
    pending = _seller("demo-saba", "Saba Charge")
    suspended = _seller("demo-toos", "Toos Telecom")
    operator = _colleague(active, "demo-mehr-operator", SellerRole.OPERATOR)
    viewer = _colleague(active, "demo-mehr-viewer", SellerRole.VIEWER)
    for login in (active, suspended):
        _verify(login.user, admin.user)
    for status, amount in REQUESTS.items():
        _request_credit(active, status, amount, approver.user)
    _request_credit(pending, CreditRequest.Status.PENDING, SMALL_CREDIT, approver.user)
    _request_credit(suspended, CreditRequest.Status.APPROVED, SMALL_CREDIT, approver.user)
    _sell(operator)
    _reverse_first_sale(active.user, admin.user)
    _suspend(suspended.user, admin.user)
    return [admin, approver, active, operator, viewer, pending, suspended]


def _request_credit(login: Login, status: CreditRequest.Status, amount: Decimal, approver: User) -> None:
    """File a credit request and take it to `status`."""
    credit_request = services.submit_credit_request(
        requested_by=login.user, amount=amount, note=f"Demo: {status.label}", idempotency_key=f"demo-{status.value}"
    ).credit_request
    if credit_request.status != CreditRequest.Status.PENDING:
        return
    if status is CreditRequest.Status.APPROVED:
        services.approve_credit_request(credit_request_id=credit_request.pk, approved_by=approver)
    elif status is CreditRequest.Status.REJECTED:
        services.reject_credit_request(
            credit_request_id=credit_request.pk, rejected_by=approver, reason="More than the agreed maximum"
        )
    elif status is CreditRequest.Status.CANCELLED:
        services.cancel_credit_request(credit_request_id=credit_request.pk, cancelled_by=login.user)


def _sell(login: Login) -> None:
    pair = open_session(username=login.user.username, password=login.password, door=Door.SELLER)
    claims: Claims = read_access(pair.access.encode())
    for number, (phone_number, amount) in enumerate(CHARGES, start=1):
        sell_charge(claims=claims, phone_number=phone_number, amount=amount, idempotency_key=f"demo-charge-{number}")
    close_session(refresh=pair.refresh)


def _reverse_first_sale(owner: User, admin: User) -> None:
    sale = LedgerEntry.objects.get(seller=owner.seller, type=EntryType.CHARGE_SALE, idempotency_key="demo-charge-1")
    try:
        reverse_entry(entry_id=sale.pk, reason="The customer named a wrong number", reversed_by_id=admin.pk)
    except AlreadyReversed:
        return


def _verify(owner: User, admin: User) -> None:
    seller = _seller_of(owner)
    if seller.status == Seller.Status.PENDING:
        accounts.verify_seller(seller_id=seller.pk, changed_by=admin)


def _suspend(owner: User, admin: User) -> None:
    seller = _seller_of(owner)
    if seller.status == Seller.Status.ACTIVE:
        accounts.suspend_seller(seller_id=seller.pk, changed_by=admin, reason="The contract ended")


def _seller_of(user: User) -> Seller:
    return Seller.objects.get(users=user)


def _seller(name: str, company_name: str) -> Login:
    """Return the owner of a demo seller, registered now or before."""
    username, password = f"{name}-owner", _new_password()
    user = _existing(username, password)
    if user is None:
        user = accounts.create_seller(
            username=username,
            password=password,
            email=f"{name}@example.com",
            company_name=company_name,
            daily_limit=DAILY_LIMIT,
        )
    return Login(user, password, SellerRole.OWNER)


def _colleague(owner: Login, username: str, role: SellerRole) -> Login:
    password = _new_password()
    user = _existing(username, password)
    if user is None:
        user = accounts.create_seller_user(
            seller_id=_seller_of(owner.user).pk, role=role, username=username, password=password, created_by=owner.user
        )
    return Login(user, password, role)


def _staff(username: str, role: StaffRole) -> Login:
    password = _new_password()
    user = _existing(username, password) or accounts.create_staff_user(role=role, username=username, password=password)
    return Login(user, password, role)


def _existing(username: str, password: str) -> User | None:
    """Return the user of an earlier run, with its new password."""
    user = User.objects.select_related("seller").filter(username=username).first()
    if user is not None:
        accounts.change_password(user=user, password=password)
    return user


def _new_password() -> str:
    return secrets.token_urlsafe(PASSWORD_BYTES)
