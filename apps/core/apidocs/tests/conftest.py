"""The Swagger document, for all tests of this folder."""

from typing import Any

import pytest

from apps.testing.api import Caller


@pytest.fixture
def schema(anonymous: Caller) -> Any:
    """The decoded /swagger.json."""
    return anonymous.get("/swagger.json").body
