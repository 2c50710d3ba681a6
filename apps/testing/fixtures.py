"""The pytest plugin with the cast of every test: one funded seller and its users, another seller, and staff."""

import pytest
from pytest_django import Settings

from apps.accounts.models import Seller
from apps.accounts.roles import SellerRole
from apps.testing.api import Caller
from apps.testing.deliveries import unknown_delivery
from apps.testing.factories import file_request, log_in, make_seller, make_staff, make_user, owner_of, sell
from apps.testing.programs import make_program
from apps.testing.webhooks import make_delivery, make_endpoint

CALLERS = (
    "owner", "operator", "viewer", "foreign", "suspended",
    "admin", "credit_approver", "auditor", "support", "groupless", "anonymous",
)  # fmt: skip


@pytest.fixture(autouse=True)
def _cheap_password_hashing(settings: Settings) -> None:
    """Replace Argon2, which is slow on purpose; its own test switches it on."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture(autouse=True)
def _steady_counts_of_the_menu(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the counts of the back office's menu for longer than a test, so that a page costs the same twice."""
    monkeypatch.setattr("apps.console.panels.badges.SECONDS", 600)


@pytest.fixture
def seller(db: None) -> Seller:
    """An active seller with 100.00."""
    return make_seller(balance="100.00")


@pytest.fixture
def other_seller(db: None) -> Seller:
    """Another active seller with 100.00."""
    return make_seller(balance="100.00")


@pytest.fixture
def owner(seller: Seller) -> Caller:
    """The owner of `seller`."""
    return log_in(owner_of(seller))


@pytest.fixture
def operator(seller: Seller) -> Caller:
    """An operator of `seller`."""
    return log_in(make_user(seller, SellerRole.OPERATOR))


@pytest.fixture
def viewer(seller: Seller) -> Caller:
    """A viewer of `seller`."""
    return log_in(make_user(seller, SellerRole.VIEWER))


@pytest.fixture
def admin(db: None) -> Caller:
    """Staff in the group `admin`."""
    return log_in(make_staff("admin"))


@pytest.fixture
def credit_approver(db: None) -> Caller:
    """Staff in the group `credit_approver`."""
    return log_in(make_staff("credit_approver"))


@pytest.fixture
def auditor(db: None) -> Caller:
    """Staff in the group `auditor`."""
    return log_in(make_staff("auditor"))


@pytest.fixture
def support(db: None) -> Caller:
    """Staff in the group `support`."""
    return log_in(make_staff("support"))


@pytest.fixture
def groupless(db: None) -> Caller:
    """Staff in no group."""
    return log_in(make_staff())


@pytest.fixture
def anonymous(db: None) -> Caller:
    """A caller without a token."""
    return Caller()


@pytest.fixture
def places(seller: Seller, other_seller: Seller) -> dict[str, object]:
    """The ids behind the names in the paths of the matrix."""
    delivery, foreign_delivery = (make_delivery(make_endpoint(each)[0]) for each in (seller, other_seller))
    return {
        "seller": seller.pk,
        "other": other_seller.pk,
        "pending": make_seller(status=Seller.Status.PENDING).pk,
        "suspended": make_seller(status=Seller.Status.SUSPENDED).pk,
        "request": file_request(seller).pk,
        "foreign_request": file_request(other_seller).pk,
        "entry": sell(seller).pk,
        "foreign_entry": sell(other_seller).pk,
        "charge_delivery": unknown_delivery(seller).pk,
        "foreign_charge_delivery": unknown_delivery(other_seller).pk,
        "user": make_user(seller, SellerRole.VIEWER).pk,
        "foreign_user": owner_of(other_seller).pk,
        "client": make_program(seller).client_id,
        "foreign_client": make_program(other_seller).client_id,
        "endpoint": delivery.endpoint_id,
        "foreign_endpoint": foreign_delivery.endpoint_id,
        "delivery": delivery.pk,
        "foreign_delivery": foreign_delivery.pk,
    }


@pytest.fixture
def cast(request: pytest.FixtureRequest, other_seller: Seller, seller: Seller) -> dict[str, Caller]:
    """One caller of each column but the last."""
    own = {"foreign": log_in(owner_of(other_seller)), "suspended": log_in(owner_of(seller))}
    return {name: own.get(name) or request.getfixturevalue(name) for name in CALLERS}
