"""Steps of deliveries: which are due, and the call of the operator that each one is.

A step is begun by one statement that marks it with a lease, and committed before the operator is called. So a worker
that dies in between leaves a delivery that is `submitted`: the next step, when the lease is over, is an inquiry.
"""

import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection

from apps.delivery.adapters import ADAPTERS
from apps.delivery.adapters.http_json import BadSettings
from apps.delivery.adapters.protocol import Adapter, Answer, Outcome, TopUp
from apps.delivery.models import Attempt, Operator
from apps.delivery.services import record_answer, record_resubmission

_CLAIM = """
WITH due AS (
    SELECT entry_id, status FROM delivery_delivery
    WHERE operator_id = %s AND next_step_at <= clock_timestamp()
    ORDER BY next_step_at LIMIT %s FOR NO KEY UPDATE SKIP LOCKED
)
UPDATE delivery_delivery delivery
SET status = CASE due.status WHEN 'pending' THEN 'submitted' ELSE due.status END, attempts = delivery.attempts + 1,
    next_step_at = clock_timestamp() + make_interval(secs => %s)
FROM due JOIN transactions_ledgerentry entry ON entry.id = due.entry_id
WHERE delivery.entry_id = due.entry_id
RETURNING delivery.entry_id, due.status = 'pending', delivery.next_step_at, entry.phone_number,
    coalesce(entry.face_value, entry.amount)"""


@dataclass(frozen=True, slots=True)
class Step:
    """The next word with an operator about a delivery, which this process alone has until `lease`."""

    operator: str
    delivery_id: UUID
    is_first: bool  # nothing was ever submitted; otherwise the operator is asked before anything is submitted again
    lease: datetime
    phone_number: str
    amount: Decimal

    @property
    def top_up(self) -> TopUp:
        """What the operator is asked for. The entry's id is the reference, now and in every later step."""
        return TopUp(str(self.delivery_id), self.phone_number, self.amount)


def claim_due(operator: str, limit: int) -> list[Step]:
    """Begin up to `limit` steps of an operator that are due; no other process gets them before their leases end."""
    with connection.cursor() as cursor:
        cursor.execute(_CLAIM, [operator, limit, settings.DELIVERY_LEASE_SECONDS])
        return [Step(operator, *row) for row in cursor.fetchall()]


def take_step(step: Step, adapter: Adapter) -> None:
    """Call the operator, outside of any transaction, and record what it says."""
    if not step.is_first:
        answer, milliseconds = _timed(lambda: adapter.inquire(str(step.delivery_id)))
        record_answer(step.delivery_id, Attempt.Kind.INQUIRE, answer, milliseconds=milliseconds, lease=step.lease)
        if answer.outcome is not Outcome.UNHEARD:
            return
        lease = record_resubmission(step.delivery_id, step.lease)
        if lease is None:
            return
        step = replace(step, lease=lease)
    answer, milliseconds = _timed(lambda: adapter.submit(step.top_up))
    record_answer(step.delivery_id, Attempt.Kind.SUBMIT, answer, milliseconds=milliseconds, lease=step.lease)


def _timed(call: Callable[[], Answer]) -> tuple[Answer, int]:
    began = time.monotonic()
    return call(), round((time.monotonic() - began) * 1_000)


def adapter_of(operator: Operator) -> Adapter:
    """Return the adapter of an operator, with the pool and the breaker that all threads of this process share.

    Raises:
        BadSettings: the row does not fit its adapter, or its secret is not in the environment.
    """
    if operator.secret_variable and not read_secret(operator.secret_variable):
        raise BadSettings(f"{operator.secret_variable} is not set.")
    return _adapter(operator.adapter, _Frozen(operator.settings), operator.secret_variable)


class _Frozen(dict[str, Any]):
    """Settings as a key: an operator whose settings change gets a new adapter."""

    def __hash__(self) -> int:  # type: ignore[override]  # never changed once made
        return hash(tuple(sorted(self.items())))


@lru_cache(maxsize=64)
def _adapter(name: str, given: Mapping[str, Any], secret_variable: str) -> Adapter:
    return ADAPTERS[name](given, read_secret(secret_variable))


def read_secret(variable: str) -> str:
    """Return the secret of an operator from the environment, or from the file that VARIABLE_FILE names."""
    file = os.environ.get(f"{variable}_FILE")
    if file:
        with open(file, encoding="utf-8") as secret:
            return secret.read().rstrip("\r\n")
    return os.environ.get(variable, "") if variable else ""
