"""Persian texts: complete, compiled, and never in what programs read."""

import gettext
import re
from collections.abc import Iterator
from pathlib import Path

import django
import pytest
import rest_framework
import unfold
from django.conf import settings
from django.utils import translation

from apps.core.api.problems import PROBLEMS
from apps.testing.api import PHONE, Caller
from apps.testing.contract.lists import LISTS
from apps.testing.contract.matrix import MATRIX
from apps.testing.tests import translatable

FOLDER = settings.BASE_DIR / "locale/fa/LC_MESSAGES"
PERSIAN = re.compile("[\u0600-\u06ff]")
MOMENT = re.compile(rb'"(as_of|to)":"[0-9TZ:.-]+"')  # of the answer itself
# Texts of libraries that our readers meet. Their own Persian counts; the catalogue has the rest.
THEME, DJANGO, API = (Path(module.__file__ or "").parent for module in (unfold, django, rest_framework))
TEMPLATES_OF_OTHERS = [THEME / "templates", THEME / "contrib/filters/templates"]
MODULES_OF_OTHERS = [
    *[THEME / name for name in ("admin.py", "forms.py", "widgets.py", "templatetags", "mixins", "contrib/filters")],
    *[DJANGO / "contrib/auth" / name for name in ("admin.py", "forms.py", "password_validation.py", "validators.py")],
    DJANGO / "contrib/admin", DJANGO / "core/validators.py", API / "fields.py", API / "exceptions.py",
]  # fmt: skip
# Names, not words.
SAME_IN_PERSIAN = {"IPv4", "IPv6", "%(class_name)s %(instance)s"}


@pytest.fixture(scope="module")
def compiled() -> gettext.GNUTranslations:
    with (FOLDER / "django.mo").open("rb") as file:
        return gettext.GNUTranslations(file)


def written() -> dict[str, str]:
    """Return what django.po says: translation (in its first form) by text."""
    entry = r'^msgid "(.+)"\n(?:msgid_plural ".+"\n)?msgstr(?:\[0\])? "(.*)"$'
    text = (FOLDER / "django.po").read_text(encoding="utf-8")
    return {_plain(key): _plain(value) for key, value in re.findall(entry, text, re.MULTILINE)}


def _plain(quoted: str) -> str:
    return quoted.replace('\\"', '"').replace("\\n", "\n")


def of_others() -> Iterator[str]:
    for folder in TEMPLATES_OF_OTHERS:
        for path in folder.rglob("*.html"):
            yield from (text for _, text in translatable.in_template(path))
    for place in MODULES_OF_OTHERS:
        for path in place.rglob("*.py") if place.is_dir() else [place]:
            yield from translatable.in_module(path)


def test_the_catalogue_is_finished_and_what_is_compiled_is_what_is_written(compiled: gettext.GNUTranslations) -> None:
    assert "fuzzy" not in (FOLDER / "django.po").read_text(encoding="utf-8")
    assert len(written()) > 350
    for text, persian in written().items():
        assert persian, text
        assert persian in (compiled.gettext(text), compiled.ngettext(text, text, 1)), text


def test_whatever_people_and_clients_read_is_in_the_catalogue() -> None:
    """A text that this names needs an entry in django.po; then compile it with msgfmt (see the head of that file)."""
    catalogue = written()
    plurals = set(
        re.findall(r'^msgid_plural "(.+)"$', (FOLDER / "django.po").read_text(encoding="utf-8"), re.MULTILINE)
    )
    assert [(where, text) for where, text in translatable.texts() if text not in catalogue.keys() | plurals] == []


def test_every_text_of_the_catalogue_is_in_use() -> None:
    read = {text for _, text in translatable.texts()} | set(of_others())
    assert written().keys() - read == set()


def test_what_django_and_the_theme_say_is_in_persian_too() -> None:
    with translation.override("fa"):
        missing = {
            text for text in of_others() if translation.gettext(text) == text == translation.ngettext(text, text, 1)
        }
    assert missing - SAME_IN_PERSIAN == set()


def test_every_problem_has_a_persian_title(compiled: gettext.GNUTranslations) -> None:
    for problem in PROBLEMS.values():
        assert compiled.gettext(problem.title) != problem.title


@pytest.mark.django_db
def test_a_problem_is_told_in_the_clients_language_and_its_code_is_not(anonymous: Caller) -> None:
    persian = anonymous.send("GET", "auth/me/", headers={"Accept-Language": "fa-IR,fa;q=0.9"}).body
    english = anonymous.get("auth/me/").body
    assert persian["title"] == "باید وارد شوید"
    assert english["title"] == "Authentication is needed"
    assert persian["code"] == english["code"] == "not_authenticated"
    assert persian["type"] == english["type"]


WRONG = [
    ("POST", "charges/", {"phone_number": PHONE, "amount": "1e3"}),
    ("POST", "charges/", {"phone_number": PHONE, "amount": "0"}),
    ("POST", "charges/", {"phone_number": "12", "amount": "1.00"}),
    ("POST", "charges/", {"phone_number": "+982133334444", "amount": "1.00"}),
    ("POST", "charges/", {"amount": []}),
    ("POST", "charges/", {"phone_number": PHONE, "amount": "100000.00"}),
    ("POST", "credit-requests/", {"amount": "10.00", "note": "x" * 501}),
    ("POST", "sellers/me/users/", {"username": "a b", "password": "x", "role": "owner", "email": "x"}),
    ("POST", "sellers/me/users/", {"username": "ab", "password": "short", "role": "viewer"}),
    ("PATCH", "sellers/me/", {"email": "nonsense"}),
    ("GET", "transactions/?page_size=0", None),
    ("GET", "transactions/?cursor=x", None),
    ("GET", "transactions/?page_size=501&type=reversal&type=reversal&page=2", None),
    ("GET", "transactions/?idempotency_key=", None),
    ("GET", "auth/me/?page=2", None),
    ("POST", "charges/", {"phone_number": PHONE, "amount": "1.00", "currency": "USD", "idempotency_key": "k"}),
    ("POST", "charges/bulk/", {"charges": [{"amount": "0", "currency": "USD"}, 1], "atomic": True}),
    ("PATCH", "sellers/me/", {"balance": "1.00"}),
    ("POST", "credit-requests/01a1ff36-2414-756a-ae45-96d8f0b6bd99/cancel/", []),
    ("GET", "transactions/?type=x&seller=y&created_after=z&amount_min=q", None),
    ("GET", "transactions/01a1ff36-2414-756a-ae45-96d8f0b6bd99/", None),
    ("GET", "nowhere/", None),
    ("PUT", "charges/", None),
    ("POST", "sellers/", {}),
]


@pytest.mark.parametrize(("method", "path", "body"), WRONG)
def test_every_detail_of_a_refusal_is_in_persian(owner: Caller, method: str, path: str, body: object) -> None:
    problem = owner.call(method, path, body, **{"Accept-Language": "fa"}).body
    told = [problem["title"], problem["detail"], *[error["detail"] for error in problem.get("errors", ())]]
    assert [text for text in told if not PERSIAN.search(text)] == []


def test_the_refusal_of_a_malformed_item_is_in_persian(owner: Caller) -> None:
    answer = owner.post("charges/bulk/", {"charges": [{"amount": "0", "x": 1}]}, **{"Accept-Language": "fa"})
    error = answer.body["results"][0]["error"]
    told = [error["title"], error["detail"], *(each["detail"] for each in error["errors"])]
    assert [text for text in told if not PERSIAN.search(text)] == []


def test_staff_who_ask_for_a_key_alone_are_told_in_persian(support: Caller) -> None:
    answer = support.call("GET", "transactions/?idempotency_key=k", **{"Accept-Language": "fa"})
    assert PERSIAN.search(answer.body["errors"][0]["detail"])


def test_a_refusal_is_told_in_the_language_of_its_own_request(owner: Caller) -> None:
    body = {"amount": "10.00", "note": "x" * 501}
    answers = [owner.post("credit-requests/", body, **{"Accept-Language": language}).body for language in ("en", "fa")]
    english, persian = (answer["errors"][0]["detail"] for answer in answers)
    assert english == "Ensure this field has no more than 500 characters."
    assert PERSIAN.search(persian)


def test_a_taken_name_is_told_in_persian(owner: Caller) -> None:
    body = {"username": "till-2", "password": "warm-ibis-58-cup", "role": "viewer"}
    answers = [owner.post("sellers/me/users/", body, **{"Accept-Language": "fa"}) for _ in range(2)]
    assert answers[1].body["errors"][0]["detail"] == "این نام کاربری پیش‌تر گرفته شده است."


def test_steps_that_come_too_late_are_told_in_persian(admin: Caller, places: dict[str, object]) -> None:
    for path in ("sellers/{seller}/verify/", "credit-requests/{request}/approve/", "transactions/{entry}/reverse/"):
        url = path.format(**places)
        admin.post(url, {"reason": "no"})
        problem = admin.post(url, {"reason": "no"}, **{"Accept-Language": "fa"}).body
        assert PERSIAN.search(problem["detail"]), problem


@pytest.mark.parametrize("path", sorted({path for method, path, _ in MATRIX if method == "GET"} | set(LISTS)))
def test_data_is_the_same_in_every_language(admin: Caller, places: dict[str, object], path: str) -> None:
    """Numbers and dates are for programs: never in the reader's digits, calendar or separators."""
    url = path.format(**places)
    english, persian = admin.get(url), admin.send("GET", url, headers={"Accept-Language": "fa"})
    assert english.status == persian.status
    if english.status == 200:
        assert MOMENT.sub(b"", persian.content) == MOMENT.sub(b"", english.content)
    assert english.status != 200 or not PERSIAN.search(persian.content.decode())
