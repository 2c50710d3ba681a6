"""The `Idempotency-Key` header (draft-ietf-httpapi-idempotency-key-header)."""

import re

from apps.core.errors import DomainError

# A bare run of visible ASCII, or a structured-field string (RFC 9651) whose only escapes are \" and \\.
_BARE = re.compile(r"[\x21-\x7e]{1,255}")
_QUOTED = re.compile(r'"((?:[\x21\x23-\x5b\x5d-\x7e]|\\["\\])+)"')
_ESCAPE = re.compile(r"\\(.)")


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
