"""Persian texts: complete, compiled, and never in what programs read."""

import gettext
import re

import pytest
from django.conf import settings

from apps.core.problems import PROBLEMS
from apps.core.tests.api import Caller

FOLDER = settings.BASE_DIR / "locale/fa/LC_MESSAGES"


def test_nothing_is_untranslated_and_what_is_compiled_is_what_is_written() -> None:
    written = (FOLDER / "django.po").read_text(encoding="utf-8")
    pairs = re.findall(r'^msgid "(.+)"\nmsgstr "(.*)"$', written, re.MULTILINE)
    with (FOLDER / "django.mo").open("rb") as compiled:
        texts = gettext.GNUTranslations(compiled)
    assert len(pairs) > 150
    for text, translation in pairs:
        assert translation, text
        assert texts.gettext(text) == translation


def test_every_problem_has_a_persian_title() -> None:
    with (FOLDER / "django.mo").open("rb") as compiled:
        texts = gettext.GNUTranslations(compiled)
    for problem in PROBLEMS.values():
        assert texts.gettext(problem.title) != problem.title


@pytest.mark.django_db
def test_a_problem_is_told_in_the_clients_language_and_its_code_is_not(anonymous: Caller) -> None:
    persian = anonymous.send("GET", "auth/me/", headers={"Accept-Language": "fa-IR,fa;q=0.9"}).body
    english = anonymous.get("auth/me/").body
    assert persian["title"] == "باید وارد شوید"
    assert english["title"] == "Authentication is needed"
    assert persian["code"] == english["code"] == "not_authenticated"
    assert persian["type"] == english["type"]
