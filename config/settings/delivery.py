"""Deliveries: whether charges go to mobile operators, and how patiently the worker asks them."""

from .environment import env

# Off: charges are sales only, and operators are not read.
DELIVERY: bool = env.bool("DELIVERY", default=False)
# Steps that one worker process takes at a time; each operator has a limit of its own besides.
DELIVERY_THREADS: int = env.int("DELIVERY_THREADS", default=16)
# How long a worker may be silent about a call before another one asks the operator. Longer than a call can take.
DELIVERY_LEASE_SECONDS: float = env.float("DELIVERY_LEASE_SECONDS", default=60.0)
# The wait before the operator is asked again doubles with each attempt, from the first to the second of these.
DELIVERY_RETRY_SECONDS: float = env.float("DELIVERY_RETRY_SECONDS", default=5.0)
DELIVERY_RETRY_MOST_SECONDS: float = env.float("DELIVERY_RETRY_MOST_SECONDS", default=600.0)
# Sends each charge of `make run` to the simulator, which `serve` starts on this port; 0: no simulator.
OPERATOR_SIMULATOR_PORT: int = env.int("OPERATOR_SIMULATOR_PORT", default=0)
