"""Deliveries: whether charges go to mobile operators, and how patiently the worker asks them."""

from .environment import env

# `make run` starts a simulated operator on this port, with a worker; 0: none.
OPERATOR_SIMULATOR_PORT: int = env.int("OPERATOR_SIMULATOR_PORT", default=0)
# Off: charges are sales only, and operators are not read.
DELIVERY: bool = env.bool("DELIVERY", default=OPERATOR_SIMULATOR_PORT > 0)
# Steps that one worker process takes at a time; each operator has a limit of its own besides.
DELIVERY_THREADS: int = env.int("DELIVERY_THREADS", default=16)
# How long a worker may be silent about a call before another one asks the operator. Longer than a call can take.
DELIVERY_LEASE_SECONDS: float = env.float("DELIVERY_LEASE_SECONDS", default=60.0)
# The wait before the operator is asked again doubles with each attempt, from the first to the second of these.
DELIVERY_RETRY_SECONDS: float = env.float("DELIVERY_RETRY_SECONDS", default=5.0)
DELIVERY_RETRY_MOST_SECONDS: float = env.float("DELIVERY_RETRY_MOST_SECONDS", default=600.0)
