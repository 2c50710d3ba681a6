"""Counters, and the gauges that a scrape reads from the database.

Counters live in files that all processes of one gunicorn share (prometheus-client's multiprocess mode, which
PROMETHEUS_MULTIPROC_DIR turns on; gunicorn.conf.py sets it). Nothing here adds a query to a request.
"""

import logging
import os
import time
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from pathlib import Path
from threading import Lock

from django.conf import settings
from django.db import Error, connection
from prometheus_client import REGISTRY, CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from apps.core.observability import metrics_files

logger = logging.getLogger(__name__)

GAUGES_LIFETIME_SECONDS = 10.0
_SECONDS = (0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)

REQUESTS = Counter("sharj_http_requests", "Requests answered.", ("method", "route", "status"))
REQUEST_SECONDS = Histogram(
    "sharj_http_request_seconds", "Time from request to answer.", ("method", "route"), buckets=_SECONDS
)
REFUSALS = Counter("sharj_refusals", "Requests refused, by the code of the problem.", ("route", "code"))
REPLAYS = Counter("sharj_replays", "Answers repeated because of an Idempotency-Key.", ("route",))
ENTRIES = Counter("sharj_ledger_entries", "Balance changes committed: charges sold, credits, reversals.", ("type",))
AMOUNT = Counter("sharj_ledger_amount", "Money moved by them.", ("type",))
LOGINS = Counter("sharj_logins", "Attempts to log in.", ("outcome",))
REDIS_FAILURES = Counter("sharj_redis_failures", "Times that Redis did not answer.")
REPLICA_READS = Counter("sharj_database_replica_reads", "Reads meant for the standby.", ("answered_by",))
REPLICA_FAILURES = Counter("sharj_database_replica_failures", "Times that the standby could not answer.", ("reason",))
LOCK_WAIT_SECONDS = Histogram("sharj_lock_wait_seconds", "Time to lock and read a wallet.", buckets=_SECONDS)

# Each leaves stamps; deploy/prometheus/alerts.yml says how old the last success may be.
JOBS = ("backup", "offsite_copy", "restore_test", "reconciliation", "seal", "summaries", "events")
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


@lru_cache(maxsize=4096)
def _request_counters(method: str, route: str, status: int) -> tuple[Counter, Histogram]:
    """Return the counters of these labels; cached, because the lookup costs more than counting."""
    return REQUESTS.labels(method, route, str(status)), REQUEST_SECONDS.labels(method, route)


def count_request(method: str, route: str, status: int, seconds: float) -> None:
    """Count one answered request."""
    requests, duration = _request_counters(method if method in _METHODS else "other", route, status)
    requests.inc()
    duration.observe(seconds)


@lru_cache(maxsize=8)
def _entry_counters(kind: str) -> tuple[Counter, Counter]:
    return ENTRIES.labels(kind), AMOUNT.labels(kind)


def count_entry(kind: str, amount: float) -> None:
    """Count one committed ledger entry."""
    entries, money = _entry_counters(kind)
    entries.inc()
    money.inc(amount)


GaugeSource = Callable[[], Iterable[Metric]]
_sources: list[GaugeSource] = []


def register_gauges(source: GaugeSource) -> None:
    """Register `source`, which scrapes ask at most once in `GAUGES_LIFETIME_SECONDS`; apps call this when they load."""
    if source not in _sources:
        _sources.append(source)


def gauge(name: str, text: str, value: float) -> GaugeMetricFamily:
    """Return one gauge without labels."""
    return GaugeMetricFamily(name, text, value=value)


class DatabaseGauges(Collector):
    """A collector that asks the registered sources and caches their answer, because scrapes may be frequent."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._until = 0.0
        self._gauges: list[Metric] = []

    def collect(self) -> Iterator[Metric]:
        with self._lock:
            if time.monotonic() >= self._until:
                self._gauges = self._ask()
                self._until = time.monotonic() + GAUGES_LIFETIME_SECONDS
            yield from self._gauges

    def _ask(self) -> list[Metric]:
        try:
            answers = [metric for source in _sources for metric in source()]
        except Error as error:
            logger.warning("no gauges: the database is away: %s", str(error).strip().splitlines()[:1])
            return [gauge("sharj_database_up", "Does the database answer?", 0)]
        return [gauge("sharj_database_up", "Does the database answer?", 1), *answers]


_database_gauges = DatabaseGauges()


def exposition() -> bytes:
    """Return all metrics in Prometheus' text format."""
    gauges = CollectorRegistry(auto_describe=False)
    gauges.register(_database_gauges)
    text = generate_latest(gauges)
    if not os.environ.get(metrics_files.VARIABLE):
        return text + generate_latest(REGISTRY)
    counters = CollectorRegistry(auto_describe=False)
    counters.register(metrics_files.collector())
    with metrics_files.reading():
        return text + generate_latest(counters)


def _connections() -> Iterator[Metric]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT coalesce(state, 'other'), count(*) FROM pg_stat_activity"
            " WHERE datname = current_database() GROUP BY 1"
        )
        family = GaugeMetricFamily("sharj_database_connections", "Connections to the database.", labels=["state"])
        for state, count in cursor.fetchall():
            family.add_metric([state], count)
    yield family


def _jobs() -> Iterator[Metric]:
    """Read the stamps of the jobs of the compose file: the time of JOB.ok and of JOB.failed, either may be missing."""
    if not settings.JOB_STAMPS_DIR:
        return
    age = GaugeMetricFamily("sharj_job_age_seconds", "Time since the last success of a job.", labels=["job"])
    failed = GaugeMetricFamily("sharj_job_failed", "Did the last run of a job fail?", labels=["job"])
    for job in JOBS:
        succeeded_at, failed_at = (_modified(Path(settings.JOB_STAMPS_DIR, f"{job}.{end}")) for end in ("ok", "failed"))
        age.add_metric([job], time.time() - succeeded_at if succeeded_at else float("inf"))
        failed.add_metric([job], failed_at > succeeded_at)
    yield from (age, failed)


def _modified(path: Path) -> float:
    return path.stat().st_mtime if path.exists() else 0.0


register_gauges(_connections)
register_gauges(_jobs)
