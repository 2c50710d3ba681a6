"""What may happen to the service's own processes and to the connections around them."""

import signal
import time

from functional_tests.faults.scene import Scene, signal_process


def workers_killed(scene: Scene) -> None:
    """Kill -9 of one worker after the other, as the kernel does out of memory."""
    killed = 0
    for _ in range(3):
        if workers := scene.workers():
            signal_process(scene.rng.choice(workers), signal.SIGKILL)
            killed += 1
        time.sleep(0.8)
    scene.notes.append(f"{killed} workers killed")


def answers_reset(scene: Scene) -> None:
    """Requests arrive whole, and the connection is reset when their answer comes: sold, and nobody was told."""
    scene.cutter.only_answers = True
    connections_cut(scene)


def connections_cut(scene: Scene) -> None:
    """The proxy cuts connections at random bytes, in requests and in answers alike."""
    scene.cutter.on = True
    time.sleep(3)
    scene.cutter.on = False
    scene.notes.append(f"{scene.cutter.cuts} connections cut")
    scene.require(scene.cutter.cuts > 0, "no connection was cut")
