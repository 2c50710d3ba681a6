"""The pytest plugin with the cast of every test: one funded seller and its users, another seller, and staff."""

import pytest
from pytest_django import Settings

from apps.accounts.models import Seller, SellerRole
from apps.core.tests.api import Caller
from apps.core.tests.factories import log_in, make_seller, make_staff, make_user, owner_of


@pytest.fixture(autouse=True)
def _cheap_password_hashing(settings: Settings) -> None:
    """Argon2 is slow on purpose; its own test switches it on."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


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
    """Somebody without a token."""
    return Caller()
