"""The table of outcomes: the last two digits of the phone number choose how the simulated operator behaves."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Behaviour:
    """How a submission is treated. `status` is what becomes of the top-up in the operator's book."""

    meaning: str
    status: str = "delivered"
    delay_seconds: float = 0.0  # before the answer
    fails_first: str = ""  # how the first submission ends: "lost before", "lost after", "garbage", "500"
    settles_after_seconds: float = 0.0  # until then it says "accepted"
    callbacks: int = 0  # how often it tells the end by itself
    calls_back_first: bool = False  # before it answers the submission


DELIVERED = Behaviour("delivered at once")
SLOW_SECONDS = 30.0

OUTCOMES = {
    "90": Behaviour("refused", status="refused"),
    "91": Behaviour("delivered, answered after half a second", delay_seconds=0.5),
    "92": Behaviour("delivered, answered after 30 seconds: longer than is waited for", delay_seconds=SLOW_SECONDS),
    "93": Behaviour("delivered, but the answer is lost", fails_first="lost after"),
    "94": Behaviour("lost on the way: nothing is known of the first submission", fails_first="lost before"),
    "95": Behaviour(
        "accepted; delivered after 2 seconds, told by callback twice", settles_after_seconds=2.0, callbacks=2
    ),
    "96": Behaviour(
        "accepted; refused after 2 seconds, told by callback", status="refused", settles_after_seconds=2.0, callbacks=1
    ),
    "97": Behaviour("delivered, answered with garbage", fails_first="garbage"),
    "98": Behaviour("500 without acting, then as usual", fails_first="500"),
    "99": Behaviour("delivered; the callback comes before the answer", callbacks=1, calls_back_first=True),
}  # fmt: skip


def behaviour_of(phone_number: str) -> Behaviour:
    """Return what the last two digits choose; every other number is delivered at once."""
    return OUTCOMES.get(phone_number[-2:], DELIVERED)
