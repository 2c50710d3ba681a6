"""Django's own last resort (handler500): a database that is away is a 503 there too, a bug stays a 500."""

import json

import pytest
from django.db import DatabaseError, InterfaceError, InternalError, OperationalError, ProgrammingError
from django.test import Client

from apps.core.database.errors import OutcomeUnknown


def _answer_to(error: Exception, monkeypatch: pytest.MonkeyPatch) -> tuple[int, dict[str, str], str]:
    client = Client(raise_request_exception=False)

    def fail(*_: object) -> None:
        raise error

    with monkeypatch.context() as patch:
        patch.setattr("apps.core.observability.metrics.exposition", fail)
        response = client.get("/metrics")
    return response.status_code, json.loads(response.content), response.headers.get("Retry-After", "")


@pytest.mark.django_db
@pytest.mark.parametrize("kind", [OperationalError, InterfaceError, InternalError, DatabaseError, OutcomeUnknown])
def test_a_database_that_is_away_is_a_503_outside_the_api_too(
    kind: type[Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    status, body, retry_after = _answer_to(kind("away"), monkeypatch)

    code = "outcome_unknown" if kind is OutcomeUnknown else "temporarily_unavailable"
    assert (status, body["code"], retry_after) == (503, code, "1")


@pytest.mark.django_db
@pytest.mark.parametrize("kind", [ProgrammingError, ValueError])
def test_a_bug_stays_a_500(kind: type[Exception], monkeypatch: pytest.MonkeyPatch) -> None:
    status, body, _ = _answer_to(kind("bug"), monkeypatch)

    assert (status, body["code"]) == (500, "internal_error")
    assert "bug" not in json.dumps(body)
