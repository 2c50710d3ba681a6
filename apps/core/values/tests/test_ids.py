"""UUID version 7 made for a moment: ids sort as moments do."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from apps.core.values.ids import uuid7_at

MOMENTS = st.datetimes(datetime(1970, 1, 2), datetime(9999, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001  (bounds have none)


@given(MOMENTS, st.integers(1, 10**9))
def test_a_later_moment_has_a_greater_id_from_one_microsecond_on(moment: datetime, microseconds: int) -> None:
    earlier = moment - timedelta(microseconds=microseconds)

    assert uuid7_at(earlier) < uuid7_at(moment)


@given(MOMENTS)
def test_without_random_bits_it_is_the_least_of_its_moment(moment: datetime) -> None:
    assert uuid7_at(moment, random_bits=0) <= uuid7_at(moment)


@given(MOMENTS)
def test_it_is_a_version_7_of_its_millisecond(moment: datetime) -> None:
    made = uuid7_at(moment)

    assert (made.version, made.variant) == (7, "specified in RFC 4122")
    assert made.int >> 80 == (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)


def test_moments_before_1970_count_as_its_beginning() -> None:
    assert uuid7_at(datetime(1, 1, 1, tzinfo=UTC), random_bits=0).int >> 80 == 0
