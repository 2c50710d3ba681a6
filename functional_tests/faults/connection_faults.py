"""Faults of the service's own processes and of the connections around them."""

import signal
import time

from functional_tests.faults.scene import Scene, signal_process


def workers_killed(scene: Scene) -> None:
    """Kill one worker after the other with SIGKILL, as the kernel does out of memory."""
    killed = 0
    for _ in range(3):
        if workers := scene.workers():
            signal_process(scene.rng.choice(workers), signal.SIGKILL)
            killed += 1
        time.sleep(0.8)
    scene.notes.append(f"{killed} workers killed")


def answers_reset(scene: Scene) -> None:
    """Reset the connection when the answer to a whole request comes: the charge is sold, and its client is not told."""
    scene.cutter.only_answers = True
    connections_cut(scene)


def connections_cut(scene: Scene) -> None:
    """Cut connections in the proxy at random bytes, in requests and in answers alike."""
    scene.cutter.on = True
    time.sleep(3)
    scene.cutter.on = False
    scene.notes.append(f"{scene.cutter.cuts} connections cut")
    scene.require(scene.cutter.cuts > 0, "no connection was cut")
