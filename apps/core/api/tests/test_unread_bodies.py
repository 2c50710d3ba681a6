"""Bodies that a view left unread are read to their end."""

import pytest
from django.conf import settings
from django.test import RequestFactory

from apps.core.api.unread_bodies import read_rest


@pytest.mark.parametrize("read_before", [0, 1_000, 200_000])
def test_the_rest_of_a_body_is_read(read_before: int) -> None:
    request = RequestFactory().post("/", b"x" * 200_000, content_type="application/json")

    request.read(read_before)
    read_rest(request)
    assert request.read(1) == b""


def test_no_more_is_read_than_is_allowed_anywhere() -> None:
    sent = settings.BULK_REQUEST_BODY_LIMIT_BYTES + 500_000
    request = RequestFactory().post("/", b"x" * sent, content_type="application/json")
    read_rest(request)
    assert len(request.read(sent)) > 400_000
