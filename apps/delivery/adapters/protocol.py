"""What an adapter of an operator has to do."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Protocol


class Outcome(StrEnum):
    """What an operator's answer, or its absence, says about a top-up."""

    DELIVERED = "delivered"  # final
    REFUSED = "refused"  # final: the operator has not acted and never will
    ACCEPTED = "accepted"  # it works on it, or has yet to
    UNHEARD = "unheard"  # of an inquiry: it knows no such reference
    NOT_SENT = "not_sent"  # the call did not leave this machine
    UNKNOWN = "unknown"  # everything else: no answer, half an answer, an answer that makes no sense


@dataclass(frozen=True, slots=True)
class TopUp:
    """What is asked of the operator. It acts at most once on a `reference`, however often that is submitted."""

    reference: str
    phone_number: str  # E.164
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Answer:
    """The outcome of a call or of a callback, with the operator's own words."""

    outcome: Outcome
    operator_reference: str = ""
    message: str = ""
    sent: str = ""  # without secrets
    answered: str = ""


@dataclass(frozen=True, slots=True)
class Callback:
    """What an operator tells by itself."""

    reference: str
    answer: Answer


class InvalidCallback(Exception):
    """The signature is wrong or old, or the body is not a callback of this operator."""


class Adapter(Protocol):
    """The calls of one operator. Every one returns; none raises for what the operator or the network does.

    `REFUSED` and `UNHEARD` are said by the operator in so many words: an error status, a proxy's page or silence is
    `UNKNOWN`. On the first the money goes back, and on the second the top-up is submitted again.
    """

    def submit(self, top_up: TopUp) -> Answer:
        """Ask the operator to top up."""

    def inquire(self, reference: str) -> Answer:
        """Ask what became of a reference."""

    def close(self) -> None:
        """Let go of connections; a later call opens new ones."""

    def read_callback(self, headers: Mapping[str, str], body: bytes) -> Callback:
        """Return what a callback says.

        Raises:
            InvalidCallback: it is not the operator's, not of now, or not readable.
        """
