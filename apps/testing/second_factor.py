"""Users with an authenticator app."""

import time

from django_otp.oath import totp
from django_otp.plugins.otp_totp.models import TOTPDevice

from apps.accounts.models import User


def enrol(user: User) -> User:
    """Give the user a second factor, and return the user."""
    TOTPDevice.objects.create(user=user, name="phone", confirmed=True)
    return user


def code_of(user: User, *, confirmed: bool = True) -> str:
    """Return the code that the user's app shows; after a use, that of the next half-minute: each passes once."""
    device = TOTPDevice.objects.get(user=user, confirmed=confirmed)
    steps_ahead = max(device.last_t + 1 - int(time.time()) // device.step, 0)
    return f"{totp(device.bin_key, drift=steps_ahead):06d}"
