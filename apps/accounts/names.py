"""Names that people read: which characters they may have, and which usernames look like those of staff.

The patterns are also CHECK constraints, so they are written in what Python and PostgreSQL have in common.
"""
# ruff: noqa: RUF001  (letters that look like others are what this module is about)

import re
import unicodedata
from collections.abc import Iterable

from django.contrib.auth.validators import UnicodeUsernameValidator
from django.core.exceptions import ValidationError
from django.db.models import BooleanField, Func, Q
from django.utils.translation import gettext_lazy as _

USERNAME_LENGTH = 150

_PERSIAN = r"[\u0620-\u065f\u066e-\u06d3\u06d5\u06fa-\u06ff]"
# Control, zero-width, bidirectional and filler characters; a zero-width non-joiner belongs between Persian letters.
HIDDEN = (
    r"[\u0001-\u001f\u007f-\u009f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u200d-\u200f"
    r"\u2028-\u202e\u2060-\u206f\u2800\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb"
    r"\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
    rf"|(?<!{_PERSIAN})\u200c|\u200c(?!{_PERSIAN})"
)
VISIBLE = r"[^\s\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]"

# Scripts in daily use (UAX 31, table 5), by the first word of their characters' names; others, such as Lisu and
# Cherokee, have letters that are drawn like Latin ones.
_SCRIPTS = frozenset({
    "ARABIC", "ARMENIAN", "BENGALI", "CJK", "CYRILLIC", "DEVANAGARI", "ETHIOPIC", "GEORGIAN", "GREEK", "GUJARATI",
    "GURMUKHI", "HEBREW", "KANNADA", "KHMER", "LAO", "LATIN", "MALAYALAM", "MYANMAR", "ORIYA", "SINHALA", "TAMIL",
    "TELUGU", "THAANA", "THAI", "TIBETAN",
})  # fmt: skip
_WRITTEN_TOGETHER = dict.fromkeys(("HANGUL", "HIRAGANA", "KATAKANA", "BOPOMOFO"), "CJK")

# Letters that are drawn like others: Cyrillic, Greek, Armenian, Latin, Persian. Capitals first, as their small letters
# are drawn otherwise.
_CAPITALS = str.maketrans("АВЕЅІЈКМНОРСТУХԌΑΒΕΖΗΙΚΜΝΟΡΤΥΧՕՍՏԼ", "ABESIJKMHOPCTYXGABEZHIKMNOPTYXOUSL")
_SMALL = str.maketrans(
    "авеѕіјкмнорстухһԁԛԝгпиьӏ" + "αβγεηικνορστυχωπ" + "ոսզհցօյ" + "ıłøđħŧ01i" + "يىكةەہ",
    "abesljkmhopctyxhdqwrnubl" + "abyenlkvopotuxwn" + "nuqhgoj" + "llodhtoll" + "ییکههه",
)
_PAIRS = (("rn", "m"), ("vv", "w"), ("cl", "d"))

RESERVED = frozenset({
    "abuse", "admin", "administrator", "api", "audit", "auditor", "billing", "finance", "help", "helpdesk",
    "hostmaster", "moderator", "noreply", "official", "postmaster", "root", "security", "sharj",
    "staff", "superuser", "support", "system", "webmaster",
})  # fmt: skip


class IsNormalized(Func):
    """Whether a text is in Unicode's normal form NFKC, in which letters of full width and ligatures are plain."""

    template = "(%(expressions)s) IS NFKC NORMALIZED"
    output_field = BooleanField()


def without_hidden(*fields: str) -> Q:
    """Return the condition that these columns have no hidden characters."""
    return Q(*[~Q((f"{field}__regex", HIDDEN)) for field in fields])


def refuse_hidden(text: str) -> None:
    """Raise `ValidationError` for a name with hidden characters, or without one to be seen."""
    if re.search(HIDDEN, text) or not re.search(VISIBLE, text):
        raise ValidationError(_("Characters that cannot be seen are not allowed."), code="hidden_characters")


def refuse_username(username: str) -> None:
    """Raise `ValidationError` for a username (normalised) with foreign characters, or letters of several scripts."""
    UnicodeUsernameValidator()(username)
    if len(username) > USERNAME_LENGTH:
        raise ValidationError(_("The username is too long."), code="max_length")
    refuse_hidden(username)
    scripts = {_script(letter) for letter in username if letter.isalpha()}
    if len(scripts) > 1 or not scripts <= _SCRIPTS:
        raise ValidationError(_("The letters of a username must be of one script."), code="mixed_scripts")


def _script(letter: str) -> str:
    script = unicodedata.name(letter, "UNKNOWN").split()[0]
    if script == "LATIN" and ord(unicodedata.normalize("NFKD", letter)[0]) >= 0x180:
        return "PHONETIC"  # drawn like the letters of the alphabet
    return _WRITTEN_TOGETHER.get(script, script)


def refuse_lookalike(username: str, names: Iterable[str]) -> None:
    """Raise `ValidationError` for a username that looks like one of `names`, or like a word of the platform's own."""
    if skeleton(username) in {skeleton(name) for name in (*names, *RESERVED)}:
        raise ValidationError(_("This username is reserved."), code="reserved")


def skeleton(name: str) -> str:
    """Return what is left of a name for the eye: equal skeletons are drawn alike (after UTS 39)."""
    plain = unicodedata.normalize("NFKD", name).translate(_CAPITALS).casefold()
    digits = (str(unicodedata.decimal(character, character)) for character in plain)
    drawn = "".join(character for character in digits if character.isalnum()).translate(_SMALL)
    for pair, letter in _PAIRS:
        drawn = drawn.replace(pair, letter)
    return drawn
