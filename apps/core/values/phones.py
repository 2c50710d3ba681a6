"""Mobile phone numbers, kept as E.164 (ITU-T recommendation E.164)."""

import re
import unicodedata
from functools import cache, lru_cache

import phonenumbers
from django.conf import settings
from django.utils.translation import gettext_noop
from phonenumbers import PhoneNumberDesc, PhoneNumberFormat, PhoneNumberType

_MOBILE = {PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE}
_CHARACTERS = frozenset("0123456789+-(). ")
_MAX_LENGTH = 32


def normalize_mobile(text: str) -> str:
    """Return `text`, a national (region `PHONE_REGION`) or international number, as E.164, e.g. `+989123456789`.

    Digits may be of any script; the returned ones are ASCII.

    Raises:
        ValueError: not the number of a mobile phone.
    """
    text = ascii_digits(text)
    prefixes, mobile, others = _home_numbers(settings.PHONE_REGION)
    for prefix in prefixes:
        number = text.removeprefix(prefix)
        if number is not text and mobile.fullmatch(number) and not others.fullmatch(number):
            return prefixes[0] + number
    return _normalize(text, settings.PHONE_REGION)


def search_text(text: str) -> str:
    """Return what to look for in stored numbers: the number that `text` is, else `text` with ASCII digits."""
    try:
        return normalize_mobile(text.strip())
    except ValueError:
        return ascii_digits(text)


def beginning_of(text: str) -> str | None:
    """Return the first characters, as E.164, of the number that `text` begins (`0912 3`: `+989123`); None if none.

    Without a prefix, digits are taken for a number of `PHONE_REGION`, unless they begin with its country code.
    """
    digits = "".join(character for character in ascii_digits(text) if character not in "-(). ")
    home, trunk = _home_numbers(settings.PHONE_REGION)[0]
    country = home.removeprefix("+")
    for prefix, stands_for in (("+", "+"), ("00", "+"), (trunk, home), (country, home), ("", home)):
        if digits and digits.startswith(prefix):
            found = stands_for + digits.removeprefix(prefix)
            return found if re.fullmatch(r"\+[0-9]{1,15}", found) else None
    return None


def ascii_digits(text: str) -> str:
    """Return `text` with the digits of every script (Persian, Arabic, full width, …) as `0` to `9`."""
    if text.isascii():
        return text
    return "".join(str(unicodedata.decimal(character, character)) for character in text)


@cache
def _home_numbers(region: str) -> tuple[tuple[str, str], re.Pattern[str], re.Pattern[str]]:
    """Return the prefixes of `region` (`+98`, `0`) and the patterns of its mobile and other non-geographic numbers.

    Nearly all numbers are of the home region and written plainly. For these the patterns of libphonenumber's own data
    decide as its general parser would, at a tenth of its cost; a test compares the two.
    """
    metadata = phonenumbers.PhoneMetadata.metadata_for_region(region)
    if metadata is None:
        raise ValueError(f"PHONE_REGION {region!r} is not a region with phone numbers.")
    kinds = (
        metadata.premium_rate, metadata.toll_free, metadata.shared_cost, metadata.voip,
        metadata.personal_number, metadata.pager, metadata.uan, metadata.voicemail,
    )  # fmt: skip
    others = "|".join(pattern for pattern in map(_pattern, kinds) if pattern)
    prefixes = (f"+{metadata.country_code}", metadata.national_prefix or f"+{metadata.country_code}")
    return prefixes, _compile(_pattern(metadata.mobile)), _compile(others)


def _compile(pattern: str | None) -> re.Pattern[str]:
    """Compile a pattern of the library, none for nothing. `\\d` stands for ASCII digits only."""
    return re.compile(pattern or "(?!)", re.ASCII)


def _pattern(kind: PhoneNumberDesc | None) -> str | None:
    return kind.national_number_pattern if kind is not None else None


@lru_cache(maxsize=65_536)
def _normalize(text: str, region: str) -> str:
    # The library would read "++98…" as "+98…".
    if len(text) > _MAX_LENGTH or not _CHARACTERS.issuperset(text) or text.count("+") > 1:
        raise ValueError(gettext_noop("Not a phone number."))
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException as error:
        raise ValueError(gettext_noop("Not a phone number.")) from error
    if number.extension or phonenumbers.number_type(number) not in _MOBILE:
        raise ValueError(gettext_noop("Not a valid mobile phone number."))
    return phonenumbers.format_number(number, PhoneNumberFormat.E164)
