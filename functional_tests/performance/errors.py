"""Errors that end a run, or one request of it."""

from __future__ import annotations


class LoadError(Exception):
    """The run cannot go on; the message is one line for the person who started it."""


class CannotStart(LoadError):
    """Nothing was tried yet: a wrong option, no server, or no admin login."""


class UnexpectedAnswer(LoadError):
    """The server answered something that the contract does not allow here."""


class NoAnswer(UnexpectedAnswer):
    """No answer came, or it was lost, and the request could not be sent again."""


class ServerSilent(LoadError):
    """The server has answered nothing to any connection of the run for a while."""


class ConnectionLost(Exception):
    """No answer arrived, or one that does not tell the outcome.

    ``sent`` tells whether the server may have acted on the request.
    """

    def __init__(self, reason: str, *, sent: bool) -> None:
        super().__init__(reason)
        self.sent = sent
