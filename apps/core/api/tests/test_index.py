"""The index at `/` and `/api/v1/`: links for programs, a page for a browser."""

import re

import pytest
from django.test import Client

from apps.testing.api import Caller, assert_problem

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
PLACES = {"api", "swagger", "redoc", "swagger_json", "openapi_json", "health", "admin"}


@pytest.mark.parametrize(("path", "accept"), [("/", "*/*"), ("/", "application/json"), ("/api/v1/", BROWSER)])
def test_a_program_gets_links_that_lead_somewhere(anonymous: Caller, path: str, accept: str) -> None:
    answer = anonymous.get(path, Accept=accept)

    assert (answer.status, answer.content_type) == (200, "application/json")
    assert answer.body.keys() == PLACES
    for place in answer.body.values():
        assert Client().get(place, follow=True).status_code == 200, place


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("language", "marks"), [("en", ['lang="en" dir="ltr"', "Back office"]), ("fa", ['lang="fa" dir="rtl"', "سلامت"])]
)
def test_a_browser_gets_a_page_with_the_same_links(anonymous: Caller, language: str, marks: list[str]) -> None:
    links = anonymous.get("/").body

    answer = anonymous.call("GET", "/", Accept=BROWSER, **{"Accept-Language": language})

    page = answer.content.decode()
    assert (answer.status, answer.content_type) == (200, "text/html")
    assert set(links.values()) <= set(re.findall(r'href="([^"]+)"', page))
    assert all(mark in page for mark in marks)
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert "<script" not in page


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/", "/api/v1/"])
def test_it_is_only_read(anonymous: Caller, path: str) -> None:
    assert_problem(anonymous.post(path, {}), 405, "method_not_allowed")
    assert_problem(anonymous.get(path, Accept="image/png"), 406, "not_acceptable")
    assert_problem(anonymous.get("/nothing-here/"), 404, "not_found")


def test_swagger_does_not_list_it(anonymous: Caller) -> None:
    document = anonymous.get("/swagger.json").body

    assert document["basePath"] == "/api/v1"
    assert "/" not in document["paths"]
