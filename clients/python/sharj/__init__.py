"""Client of the Sharj API: sells charges once, whatever happens to the network."""

from sharj.client import Sharj, Transaction
from sharj.http import OutcomeUnknown, Refused, SharjError, Unavailable
from sharj.login import Login

__all__ = ["Login", "OutcomeUnknown", "Refused", "Sharj", "SharjError", "Transaction", "Unavailable"]
