"""UUID version 7 (RFC 9562): ids that sort by the time they were made."""

import secrets
from datetime import UTC, datetime, timedelta
from uuid import UUID

from uuid_utils.compat import uuid7

__all__ = ["moment_of", "uuid7", "uuid7_at"]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_VERSION_7 = 0x7 << 76
_VARIANT = 0b10 << 62
_RANDOM_BITS = 62


def uuid7_at(moment: datetime, *, random_bits: int | None = None) -> UUID:
    """Return a version 7 UUID that sorts as `moment` does, to the microsecond.

    The 12 bits after the version hold the fraction of the millisecond (RFC 9562, section 6.2, method 3), so ids of
    different microseconds sort as the microseconds do. With `random_bits=0` it is the least id of that microsecond.
    Moments before 1970 count as its beginning.
    """
    microseconds = max(0, (moment - _EPOCH) // _MICROSECOND)
    milliseconds, rest = divmod(microseconds, 1000)
    fraction = rest * 4096 // 1000
    tail = secrets.randbits(_RANDOM_BITS) if random_bits is None else random_bits
    return UUID(int=milliseconds << 80 | _VERSION_7 | fraction << 64 | _VARIANT | tail)


def moment_of(identifier: UUID) -> datetime:
    """Return the moment in a version 7 UUID, to the millisecond."""
    return _EPOCH + timedelta(milliseconds=identifier.int >> 80)
