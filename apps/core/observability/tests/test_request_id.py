"""X-Request-ID on every answer."""

import pytest

from apps.testing.api import UUID7, Caller

PATHS = ["sellers/me/", "nothing/", "health/live/", "reconciliation/", "/swagger.json", "/admin/login/"]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("value", ["a", "0197f3a0-7c1e-7b6a-9d1f-3f6f0c2f8a11", "A.b_c:d-9", "x" * 128])
def test_a_sane_one_comes_back(owner: Caller, path: str, value: str) -> None:
    answer = owner.send("GET", path, headers={"X-Request-ID": value})

    assert answer.headers["X-Request-ID"] == value
    if answer.content_type == "application/problem+json":
        assert answer.body["request_id"] == value


@pytest.mark.parametrize("value", ["", " ", "a b", "x" * 129, "<script>", "a\tb", "é", "a\x00b", "a=b", "../x"])
def test_an_insane_one_is_replaced(owner: Caller, value: str) -> None:
    answer = owner.send("GET", "nothing/", headers={"X-Request-ID": value})

    assert UUID7.fullmatch(answer.headers["X-Request-ID"])
    assert answer.body["request_id"] == answer.headers["X-Request-ID"]


def test_without_one_each_answer_gets_its_own(owner: Caller) -> None:
    ids = {owner.get("sellers/me/").headers["X-Request-ID"] for _ in range(3)}

    assert len(ids) == 3
    assert all(UUID7.fullmatch(value) for value in ids)
