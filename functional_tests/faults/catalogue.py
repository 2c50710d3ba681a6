"""Every fault by its name."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from functional_tests.faults import connection_faults, database_faults, machine_faults
from functional_tests.faults.scene import Scene

Place = Literal["", "clients", "database"]


@dataclass(frozen=True, slots=True)
class Fault:
    """`run` begins the fault and has ended it when it returns. `proxied`: whose connections pass a proxy."""

    name: str
    run: Callable[[Scene], None]
    proxied: Place = ""
    needs_small_disk: bool = False
    needs_memory_group: bool = False
    clock_offset_seconds: int = 0  # of the service, not of PostgreSQL
    is_quick: bool = False


FAULTS = (
    Fault("workers-killed", connection_faults.workers_killed, is_quick=True),
    Fault("postgres-killed", database_faults.postgres_killed, is_quick=True),
    Fault("postgres-killed-ten-times", database_faults.postgres_killed_ten_times),
    Fault("backend-killed", database_faults.backend_killed),
    Fault("sessions-ended", database_faults.sessions_ended, is_quick=True),
    Fault("worker-out-of-memory", machine_faults.out_of_memory, needs_memory_group=True),
    Fault("clock-a-day-ahead", machine_faults.clock_moved, clock_offset_seconds=86_400),
    Fault("clock-a-day-behind", machine_faults.clock_moved, clock_offset_seconds=-86_400),
    Fault("power-cut", database_faults.power_cut),
    Fault("client-connections-cut", connection_faults.connections_cut, proxied="clients"),
    Fault("answers-reset", connection_faults.answers_reset, proxied="clients", is_quick=True),
    Fault("database-connections-cut", connection_faults.connections_cut, proxied="database", is_quick=True),
    Fault("database-frozen", database_faults.frozen, is_quick=True),
    Fault("lock-held", database_faults.lock_held, is_quick=True),
    Fault("pool-exhausted", database_faults.pool_exhausted),
    Fault("read-only-database", database_faults.read_only),
    Fault("migration-while-serving", database_faults.migration),
    Fault("disk-full", database_faults.disk_full, needs_small_disk=True),
)
