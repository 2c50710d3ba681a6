"""Errors inside the back office are pages for people, in their language; elsewhere they are problem documents."""

from typing import Any

import pytest
from django.db import OperationalError
from django.test import Client
from django.urls import reverse

from apps.console.pages.books import WalletAdmin
from apps.testing.back_office import PASSWORD, desk

pytestmark = pytest.mark.django_db

HOME = reverse("admin:index")
PROBLEM = "application/problem+json"


def is_page(answer: Any, status: int, text: str) -> bool:
    body = answer.content.decode()
    assert answer.status_code == status
    assert answer["Content-Type"].startswith("text/html")
    assert answer["X-Request-ID"] in body
    return text in body and f'href="{HOME}"' in body


def raising(error: Exception) -> Any:
    def view(*_args: Any, **_kwargs: Any) -> Any:
        raise error

    return view


def test_an_unknown_page_and_a_forbidden_one_are_pages() -> None:
    support = desk("support")
    assert is_page(support.client.get("/admin/nothing/here/"), 404, "This page does not exist")
    forbidden = support.get("accounts_user_changelist")
    assert is_page(forbidden, 403, "Your role does not allow this")


def test_they_speak_persian() -> None:
    support = desk("support")
    support.client.cookies["django_language"] = "fa"
    page = support.client.get("/admin/nothing/here/")
    assert is_page(page, 404, 'lang="fa" dir="rtl"')
    assert "This page" not in page.content.decode()


def test_a_form_without_its_token_is_a_page() -> None:
    strict = Client(enforce_csrf_checks=True)
    answer = strict.post(reverse("admin:login"), {"username": "x", "password": PASSWORD})
    assert is_page(answer, 403, "The form has expired")


@pytest.mark.parametrize(
    ("error", "status", "text"),
    [
        (RuntimeError("bug"), 500, "This page failed"),
        (OperationalError("server closed the connection"), 503, "The database does not answer right now"),
    ],
)
def test_failures_are_pages_that_need_no_database(
    monkeypatch: pytest.MonkeyPatch, error: Exception, status: int, text: str
) -> None:
    auditor = desk("auditor")
    auditor.client.raise_request_exception = False
    monkeypatch.setattr(WalletAdmin, "get_queryset", raising(error))

    answer = auditor.get("transactions_wallet_changelist")

    assert is_page(answer, status, text)
    assert ("Retry-After" in answer) == (status == 503)


def test_other_addresses_answer_problem_documents(client: Client) -> None:
    for path in ("/nothing/", "/api/v1/nothing/"):
        answer = client.get(path)
        assert (answer.status_code, answer["Content-Type"]) == (404, PROBLEM)
