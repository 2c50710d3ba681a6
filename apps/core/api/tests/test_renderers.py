"""JSON of the API: the bytes that DRF writes, by another encoder."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from django.utils.translation import gettext_lazy
from hypothesis import given
from hypothesis import strategies as some
from rest_framework import renderers
from rest_framework.exceptions import ErrorDetail

from apps.core.api.renderers import JSONRenderer
from apps.testing.api import Caller, assert_problem

TEXT = some.text(some.characters(exclude_categories=["Cs"]))
# No numbers with a fraction: the API writes money as strings, and has no others.
LEAVES = some.none() | some.booleans() | some.integers() | TEXT | some.uuids() | some.datetimes()
VALUES = some.recursive(LEAVES, lambda inner: some.lists(inner) | some.dictionaries(TEXT, inner), max_leaves=20)


@given(VALUES)
def test_what_is_written_is_what_drf_writes(value: Any) -> None:
    assert JSONRenderer().render(value) == renderers.JSONRenderer().render(value)


@pytest.mark.parametrize(
    "value",
    [
        "line\u2028break\u2029", "\x00\x1f\x7f", 2**70, {1: "a number as a name"}, ErrorDetail("told", "code"),
        gettext_lazy("Not found"), UUID(int=7), datetime(2026, 1, 1, tzinfo=UTC), (1, 2), {"a": ()},
    ],
)  # fmt: skip
def test_what_the_encoders_take_differently_is_written_as_drf_does(value: Any) -> None:
    assert JSONRenderer().render([value]) == renderers.JSONRenderer().render([value])


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("accept", "content"),
    [
        (None, b'{"status":"ok"}'),
        ("*/*", b'{"status":"ok"}'),
        ("application/json", b'{"status":"ok"}'),
        ("text/html, application/*;q=0.8", b'{"status":"ok"}'),
        ("application/json; indent=1", b'{\n "status": "ok"\n}'),
    ],
)
def test_what_a_client_takes_decides(accept: str | None, content: bytes) -> None:
    answer = Caller().get("health/live/", None, **({"Accept": accept} if accept else {}))
    assert (answer.status, answer.content_type, answer.content) == (200, "application/json", content)


@pytest.mark.django_db
def test_what_cannot_be_written_is_refused() -> None:
    assert_problem(Caller().get("health/live/", Accept="image/png"), 406, "not_acceptable")
