"""Settings of a developer's machine and of `make run`: plain HTTP on loopback."""

from .base import *  # noqa: F403  (a settings module is its base plus what differs)
