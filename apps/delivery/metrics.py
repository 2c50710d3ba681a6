"""Gauges of deliveries."""

from collections.abc import Iterator

from django.db import connection
from prometheus_client.core import GaugeMetricFamily, Metric

# Delivered ones are the many, and are not counted: the entries of the ledger are.
# Of each operator the newest comparison.
_BOOKS = """
SELECT DISTINCT ON (operator_id) operator_id, discrepancies, extract(epoch FROM clock_timestamp() - at)
FROM delivery_bookcomparison ORDER BY operator_id, id DESC"""
_OPEN = """
SELECT operator_id, status, count(*), coalesce(extract(epoch FROM clock_timestamp() - min(created_at)), 0)
FROM delivery_delivery WHERE next_step_at IS NOT NULL GROUP BY 1, 2"""


def delivery_gauges() -> Iterator[Metric]:
    """Yield, by operator and status, the number of deliveries that are not settled and the age of the oldest."""
    labels = ["operator", "status"]
    open_ = GaugeMetricFamily("sharj_deliveries_open", "Deliveries that are not settled.", labels=labels)
    oldest = GaugeMetricFamily("sharj_deliveries_oldest_seconds", "Age of the oldest of them.", labels=labels)
    with connection.cursor() as cursor:
        cursor.execute(_OPEN)
        for operator, status, count, age in cursor.fetchall():
            open_.add_metric([operator, status], count)
            oldest.add_metric([operator, status], float(age))
    yield from (open_, oldest)


def book_gauges() -> Iterator[Metric]:
    """Yield what the newest comparison with each operator's book found, and how long ago that was."""
    labels = ["operator"]
    found = GaugeMetricFamily(
        "sharj_operator_books_discrepancies", "Charges that its book tells otherwise.", labels=labels
    )
    age = GaugeMetricFamily("sharj_operator_books_age_seconds", "Time since its book was compared.", labels=labels)
    with connection.cursor() as cursor:
        cursor.execute(_BOOKS)
        for operator, discrepancies, seconds in cursor.fetchall():
            found.add_metric([operator], discrepancies)
            age.add_metric([operator], float(seconds))
    yield from (found, age)
