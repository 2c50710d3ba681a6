"""The `Idempotency-Key` header (draft-ietf-httpapi-idempotency-key-header)."""

import re
from collections.abc import Iterable

from apps.core.errors import DomainError

# A bare run of visible ASCII, or a structured-field string (RFC 9651) whose only escapes are \" and \\.
_BARE = re.compile(r"[\x21-\x7e]{1,255}")
_QUOTED = re.compile(r'"((?:[\x21\x23-\x5b\x5d-\x7e]|\\["\\])+)"')
_ESCAPE = re.compile(r"\\(.)")

_KEY_NAMES = frozenset({"idempotencykey", "xidempotencykey"})
_MAX_NAME_LENGTH = 32
_MARK = "IDEMPOTENCY-KEY-MISSPELT"

# Headers that are meant as Idempotency-Key, by their names in a WSGI environment.
MISSPELT_HEADERS = {
    "HTTP_X_IDEMPOTENCY_KEY": "X-Idempotency-Key",
    "HTTP_IDEMPOTENCYKEY": "IdempotencyKey",
    "HTTP_X_IDEMPOTENCYKEY": "X-IdempotencyKey",
    f"HTTP_{_MARK.replace('-', '_')}": "Idempotency_Key",
}


def is_key_name(name: str) -> bool:
    """Tell whether `name` means the idempotency key, in any spelling: `idempotencyKey`, `X_Idempotency_Key`."""
    return len(name) <= _MAX_NAME_LENGTH and re.sub("[^a-z]", "", name.lower()) in _KEY_NAMES


def without_underscores(headers: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return the headers of a request without those whose names have an underscore.

    A WSGI environment cannot tell `X_Forwarded_For` from `X-Forwarded-For`, which only proxies may set. A name that
    means the idempotency key is marked, and the application refuses it: if it was dropped, a repeat would sell again.
    """
    kept = [header for header in headers if "_" not in header[0]]
    return kept + [(_MARK, name) for name, _ in headers if "_" in name and is_key_name(name)]


class InvalidIdempotencyKey(DomainError):
    """The header is not 1 to 255 visible ASCII characters, bare or quoted."""

    code = "invalid_idempotency_key"

    def __init__(self) -> None:
        super().__init__("Idempotency-Key must be 1 to 255 visible ASCII characters, bare or quoted.")


def parse_idempotency_key(header: str | None) -> str:
    """Return the key, unquoted, or "" if there is no header.

    Raises:
        InvalidIdempotencyKey: empty, too long, or with other characters.
    """
    if header is None:
        return ""
    text = header.strip(" \t")
    if text.startswith('"'):
        quoted = _QUOTED.fullmatch(text)
        if quoted is None:
            raise InvalidIdempotencyKey
        text = _ESCAPE.sub(r"\1", quoted[1])
    if not _BARE.fullmatch(text):
        raise InvalidIdempotencyKey
    return text
