"""Errors that end a run, or one request of it."""

from __future__ import annotations

from sharj import SharjError


class LoadError(SharjError):
    """The run cannot go on; the message is one line for the person who started it."""


class CannotStart(LoadError):
    """Nothing was tried yet: a wrong option, no server, or no admin login."""


class UnexpectedAnswer(LoadError):
    """The server answered something that the contract does not allow here."""


class ServerSilent(LoadError):
    """The server has answered nothing to any connection of the run for a while."""
