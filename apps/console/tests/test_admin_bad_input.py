"""Bad input at every address of the back office: a clear 4xx, or the page with a message, and never a 500."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings
from django.contrib import admin
from django.db import transaction
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from apps.testing.back_office import desk, money_state, one_of_each

# Django reads the days that people type as days of the server's zone, and warns.
pytestmark = [pytest.mark.django_db, pytest.mark.filterwarnings("ignore:DateTimeField:RuntimeWarning")]

PAGES = {model._meta.label_lower: page for model, page in admin.site._registry.items()}
# As they stand in an address: a NUL, half of a surrogate pair, a broken pattern, numbers without end, impossible days.
BAD = ("x%00y", "%ED%A0%80", "(", "NaN", "99999999999", "10000-01-01")
EVERYWHERE = {"q", "nothing", "id__regex", "created_at__year"}
# What all lists read by the same code: tried on a list by pages and on a list by keys.
SHARED = {
    "o", "p", "e", "all", "before", "after", "_popup", "_to_field", "_changelist_filters", "id__in",
    "seller__users__password__startswith",
}  # fmt: skip
LISTS_OF_EACH_KIND = {"accounts.seller", "accounts.session"}
# A day in an address of old is three parameters.
DAYS = [(year, month, day) for year in (0, 9999, 10**11) for month in ("", 12, 13) for day in ("", 31, 32)]
TYPED: tuple[Any, ...] = ("\0", "99", "9" * 5000, b"\xed\xa0\x80", ";'\\")
# What the fields of all forms and steps are called.
FIELDS = (
    "username", "password", "password1", "password2", "email", "language", "company_name", "phone_number",
    "daily_limit", "next", "groups", "seller", "seller_role",
)  # fmt: skip
OF_SITE = (
    "s=x&page=99", "s=x&page=x", "next=%00", "content_type_id=x", "app_label=(&model_name=x&field_name=y&term=z",
    "app_label=accounts&model_name=user&field_name=seller&page=99999999999&term=(",
)  # fmt: skip
OF_ROW = ("_to_field=", "_to_field=(", "_popup=%00", "_changelist_filters=%ED%A0%80")


class Attack:
    """Requests of a superuser, each rolled back, and those among them that ended in a 500."""

    def __init__(self) -> None:
        self.client = desk(superuser=True).client
        self.failed: list[str] = []

    def get(self, address: str, **environ: Any) -> Any:
        return self._send("GET", address, {}, environ)

    def post(self, address: str, **form: Any) -> Any:
        return self._send("POST", address, form, {})

    def _send(self, method: str, address: str, form: Any, environ: Any) -> Any:
        response, outcome = None, ""
        before = transaction.savepoint()
        try:
            response = (self.client.get if method == "GET" else self.client.post)(address, form or None, **environ)
            outcome = str(response.status_code) if response.status_code >= 500 else ""
        except Exception as error:  # what a server answers with 500
            outcome = repr(error)
        transaction.savepoint_rollback(before)
        if outcome:
            self.failed.append(f"{method} {address} {form}: {outcome}"[:600])
        return response


@pytest.fixture
def attack() -> Iterator[Attack]:
    found = Attack()
    yield found
    assert found.failed == []


def list_address(model: str) -> str:
    return reverse(f"admin:{model.replace('.', '_')}_changelist")


def queries(attack: Attack, model: str) -> Iterator[str]:
    """Yield bad values for the parameters of a list: those of its filters, of its days, and of every list."""
    shown = attack.get(list_address(model)).context["cl"]
    names = {str(name) for spec in shown.filter_specs for name in spec.expected_parameters() if name}
    for name in sorted(names | EVERYWHERE | (SHARED if model in LISTS_OF_EACH_KIND else set())):
        yield from (f"{name}={value}" for value in BAD)
    if model in LISTS_OF_EACH_KIND:
        parts = "created_at__year={}&created_at__month={}&created_at__day={}"
        yield from (parts.format(*day) for day in DAYS)
        yield from (f"created_at__{end}={value}" for end in ("gte", "lt") for value in (*BAD, "0001-01-01", ""))


@pytest.mark.parametrize("model", sorted(PAGES))
def test_no_parameter_breaks_a_list(model: str, attack: Attack) -> None:
    one_of_each()
    for query in queries(attack, model):
        attack.get(f"{list_address(model)}?{query}")


@pytest.mark.parametrize("query", ["nothing=1", "created_at__year=0", "e=1&created_at__year=99999999999"])
def test_a_list_says_that_it_did_not_understand_and_shows_all(query: str) -> None:
    client = desk(superuser=True).client
    response: Any = client.get(f"{list_address('accounts.session')}?{query}", follow=True)
    assert response.redirect_chain == [(list_address("accounts.session"), 302)]
    assert [str(message) for message in response.context["messages"]] == [
        "These filters are not understood. The list is shown without them."
    ]


@pytest.mark.parametrize("model", sorted(PAGES))
def test_no_field_breaks_an_action(model: str, attack: Attack) -> None:
    row = one_of_each()[model]
    form = {"action": next(iter(PAGES[model].actions or ()), "nothing"), "_selected_action": str(row.pk)}
    for value in TYPED:
        for field in ("action", "index", "select_across", "_selected_action"):
            attack.post(list_address(model), **{**form, field: value})
        for field in ("reason", "next"):
            attack.post(list_address(model), **{**form, "reason": "because", "confirmed": "yes", field: value})


def patterns(found: list[Any], before: str = "/") -> Iterator[str]:
    """Yield every address, with its parameters as they stand in the pattern."""
    for pattern in found:
        if isinstance(pattern, URLResolver):
            yield from patterns(pattern.url_patterns, before + str(pattern.pattern))
        elif isinstance(pattern, URLPattern):
            yield before + str(pattern.pattern).replace("^", "").replace("$", "")


PATHS = sorted(path for path in patterns(get_resolver().url_patterns) if path.startswith(("/admin/", "/i18n/")))
PARAMETER = re.compile(r"<[^>]*>|\(\?P<.*\)")


def test_the_walk_meets_every_page() -> None:
    assert {list_address(model) for model in PAGES} < set(PATHS)
    assert {"/admin/search/", "/admin/accounts/user/<id>/password/", "/i18n/setlang/"} < set(PATHS)


def fill(path: str, value: object) -> str:
    """Return an address with `value` in place of each parameter."""
    return PARAMETER.sub(lambda _: str(value), path)


@pytest.mark.parametrize("path", PATHS)
def test_no_address_breaks(path: str, attack: Attack) -> None:
    rows = one_of_each()
    row = next((row for model, row in rows.items() if f"/{model.replace('.', '/')}/" in path), rows["accounts.user"])
    is_of_row = bool(PARAMETER.search(path))
    for value in ("x%00y", "%ED%A0%80", "nothing", "_00") if is_of_row else ():
        attack.get(fill(path, value))
        attack.post(fill(path, value))
    for query in OF_ROW if is_of_row else OF_SITE:
        attack.get(f"{fill(path, row.pk)}?{query}")
    for value in TYPED:
        attack.post(fill(path, row.pk), **dict.fromkeys(FIELDS, value))
        attack.post(fill(path, row.pk), _to_field=value, _popup=value)
    attack.post(fill(path, row.pk), _to_field="")


@pytest.mark.parametrize("name", [settings.SESSION_COOKIE_NAME, settings.LANGUAGE_COOKIE_NAME, "csrftoken", "messages"])
def test_no_cookie_breaks_a_page(name: str, attack: Attack) -> None:
    """A cookie in quotes may hold any byte by its octal number."""
    session = attack.client.cookies[settings.SESSION_COOKIE_NAME].value
    attack.client.cookies.clear()
    for value in (r'"long enough\000"', r'"long enough\355\240\200"', '"', "\\", "=;"):
        for page in ("admin:index", "admin:login"):
            own = "" if name == settings.SESSION_COOKIE_NAME else f"; {settings.SESSION_COOKIE_NAME}={session}"
            attack.get(reverse(page), HTTP_COOKIE=f"{name}={value}{own}")


def test_a_nul_is_refused_and_changes_nothing() -> None:
    boss, request = desk(superuser=True), one_of_each()["credit_requests.creditrequest"]
    before = money_state()
    response = boss.act("credit_requests_creditrequest", "approve", request, reason="\0")
    assert (response.status_code, response["Content-Type"]) == (400, "application/problem+json")
    assert money_state() == before
