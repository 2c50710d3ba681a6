"""Refusals of the domain: their base, and those that all apps share.

Each error class is defined beside the code that raises it. The HTTP status belongs to `apps.core.api.problems`.
"""

from collections.abc import Sequence
from typing import ClassVar


class DomainError(Exception):
    """The refusal of a use case, which changed nothing.

    `code` is the stable name that clients see; `extra` holds further members of the answer (JSON values).
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
    """The caller is known and lacks the right."""

    code = "permission_denied"


class InvalidInput(DomainError):
    """A field of the input that breaks a rule only the domain can check, for example uniqueness."""

    code = "validation_error"

    def __init__(self, field: str, message: str, *, code: str = "invalid") -> None:
        super().__init__(message)
        self.field = field
        self.field_code = code
        self.problems: tuple[InvalidInput, ...] = (self,)


class InvalidFields(InvalidInput):
    """Several such fields, told together."""

    def __init__(self, problems: Sequence[InvalidInput]) -> None:
        first = problems[0]
        super().__init__(first.field, first.message, code=first.field_code)
        self.problems = tuple(problems)
