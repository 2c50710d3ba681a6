"""Checks of settings before anything starts; a wrong value stops the start with one clear line."""

import re
from collections.abc import Collection
from decimal import Decimal
from ipaddress import ip_network
from pathlib import Path
from zoneinfo import available_timezones

from django.core.exceptions import ImproperlyConfigured
from phonenumbers import SUPPORTED_REGIONS

from apps.core.values.money import parse_amount


def time_zone(name: str, value: str) -> str:
    """Return `value` if it names a zone of the IANA database."""
    return _one_of(name, value, available_timezones(), "a time zone, such as Asia/Tehran")


def phone_region(name: str, value: str) -> str:
    """Return `value` if it is an ISO 3166 code of a region with phone numbers."""
    return _one_of(name, value, SUPPORTED_REGIONS, "a country code, such as IR")


def currency(name: str, value: str) -> str:
    """Return `value` if it has the form of an ISO 4217 code."""
    if not re.fullmatch("[A-Z]{3}", value):
        raise ImproperlyConfigured(f"{name} must be the three capitals of a currency, such as IRR, not {value!r}.")
    return value


def quota(name: str, text: str) -> int:
    """Return the whole number in `text`; 0 is unlimited."""
    if not (text.isascii() and text.isdigit()):
        raise ImproperlyConfigured(f"{name} must be a whole number, 0 for unlimited, not {text!r}.")
    return int(text)


def positive(name: str, text: str) -> int:
    """Return the whole number in `text`, which must be at least 1."""
    if not (text.isascii() and text.isdigit() and int(text)):
        raise ImproperlyConfigured(f"{name} must be a whole number of at least 1, not {text!r}.")
    return int(text)


def optional_amount(name: str, text: str) -> Decimal | None:
    """Return the amount in `text`, or None if it is empty."""
    try:
        return parse_amount(text.strip(), allow_zero=True) if text.strip() else None
    except ValueError as error:
        raise ImproperlyConfigured(f"{name} is not an amount: {error}") from error


def networks(name: str, values: list[str]) -> list[str]:
    """Return `values` if each is a network in CIDR form."""
    for value in values:
        try:
            ip_network(value)
        except ValueError as error:
            raise ImproperlyConfigured(f"{name} must be networks, such as 10.1.0.0/16: {error}") from error
    return values


def readable_file(name: str, path: str) -> str:
    """Return `path` if it is empty or a file that can be read."""
    try:
        if path:
            Path(path).open("rb").close()
    except OSError as error:
        raise ImproperlyConfigured(f"{name} cannot be read: {error.strerror}") from error
    return path


def _one_of(name: str, value: str, known: Collection[str], kind: str) -> str:
    if value not in known:
        raise ImproperlyConfigured(f"{name} must be {kind}, not {value!r}.")
    return value
