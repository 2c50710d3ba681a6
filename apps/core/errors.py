"""The base of every refusal that the domain can give.

Each error class is defined beside the code that raises it. The HTTP status belongs to `apps.core.api.problems`.
"""

from typing import ClassVar


class DomainError(Exception):
    """A use case was refused and changed nothing.

    `code` is the stable name that clients see; `extra` holds members that the answer carries besides (JSON values).
    """

    code: ClassVar[str]

    def __init__(self, message: str, **extra: object) -> None:
        super().__init__(message)
        self.message = message
        self.extra = extra


class NotFound(DomainError):
    """The object does not exist, or the caller may not know that it does."""

    code = "not_found"


class PermissionDenied(DomainError):
    """The caller is known and may not do this."""

    code = "permission_denied"


class InvalidInput(DomainError):
    """One field of the input breaks a rule that only the domain can check, for example uniqueness."""

    code = "validation_error"

    def __init__(self, field: str, message: str, *, code: str = "invalid") -> None:
        super().__init__(message)
        self.field = field
        self.field_code = code
