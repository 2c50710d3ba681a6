"""Mobile phone numbers, kept as E.164 (ITU-T recommendation E.164)."""

from functools import lru_cache

import phonenumbers
from django.conf import settings
from phonenumbers import PhoneNumberFormat, PhoneNumberType

_MOBILE = {PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE}
_CHARACTERS = frozenset("0123456789+-(). ")
_MAX_LENGTH = 32


@lru_cache(maxsize=65_536)
def normalize_mobile(text: str) -> str:
    """Return `text`, a national (region `PHONE_REGION`) or international number, as E.164, e.g. `+989123456789`.

    Raises:
        ValueError: not the number of a mobile phone.
    """
    if len(text) > _MAX_LENGTH or not _CHARACTERS.issuperset(text):
        raise ValueError("Not a phone number.")
    try:
        number = phonenumbers.parse(text, settings.PHONE_REGION)
    except phonenumbers.NumberParseException as error:
        raise ValueError("Not a phone number.") from error
    if number.extension or phonenumbers.number_type(number) not in _MOBILE:
        raise ValueError("Not a valid mobile phone number.")
    return phonenumbers.format_number(number, PhoneNumberFormat.E164)
