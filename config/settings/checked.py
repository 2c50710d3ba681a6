"""Checks of settings before anything starts; a wrong value stops the start with one clear line."""

from collections.abc import Collection
from zoneinfo import available_timezones

from django.core.exceptions import ImproperlyConfigured
from phonenumbers import SUPPORTED_REGIONS


def time_zone(name: str, value: str) -> str:
    """Return `value` if it names a zone of the IANA database."""
    return _one_of(name, value, available_timezones(), "a time zone, such as Asia/Tehran")


def phone_region(name: str, value: str) -> str:
    """Return `value` if it is an ISO 3166 code of a region with phone numbers."""
    return _one_of(name, value, SUPPORTED_REGIONS, "a country code, such as IR")


def _one_of(name: str, value: str, known: Collection[str], kind: str) -> str:
    if value not in known:
        raise ImproperlyConfigured(f"{name} must be {kind}, not {value!r}.")
    return value
