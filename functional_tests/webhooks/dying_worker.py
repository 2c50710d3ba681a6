"""A worker that kills itself with SIGKILL at one step of a delivery: `python -m … STEP`."""

import os
import signal
import sys
from collections.abc import Callable
from typing import Any

STEPS = ("before the claim", "after the claim", "under way", "after the answer", "after the outcome")


def main() -> None:
    """Run the worker with the step of the arguments made deadly."""
    import django
    from django.core.management import call_command

    django.setup()
    from apps.notifications.webhooks import sending

    arm(sending, STEPS.index(sys.argv[1]))
    call_command("worker")


def arm(sending: Any, step: int) -> None:
    """Let the process die at the step."""
    claim, post, write_down = sending._claim, sending.post, sending._write_down
    sending._claim = (dying(claim, before=True), dying(claim), claim, claim, claim)[step]
    sending.post = (post, post, killed_under_way(post), dying(post), post)[step]
    sending._write_down = dying(write_down) if step == 4 else write_down


def dying(act: Callable[..., Any], *, before: bool = False) -> Callable[..., Any]:
    """Return `act`, but the process dies before or after it has done something."""

    def act_and_die(*arguments: Any) -> None:
        if not before:
            act(*arguments)
        os.kill(os.getpid(), signal.SIGKILL)

    return act_and_die


def killed_under_way(post: Callable[..., Any]) -> Callable[..., Any]:
    """Return `post`, but the process dies while the receiver reads or answers."""

    def send(*arguments: Any) -> Any:
        signal.setitimer(signal.ITIMER_REAL, 0.05)  # SIGALRM, which nothing handles, ends the process at once
        return post(*arguments)

    return send


if __name__ == "__main__":
    main()
