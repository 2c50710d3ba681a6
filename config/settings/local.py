"""Settings of a developer's machine and of `make run`: plain HTTP on loopback."""

from .base import *  # noqa: F403  (a settings module is its base plus what differs)
from .base import SECRET_KEY, WEBHOOK_ENCRYPTION_KEY

# An .env of before webhooks has no key of theirs.
WEBHOOK_ENCRYPTION_KEY = WEBHOOK_ENCRYPTION_KEY or SECRET_KEY
