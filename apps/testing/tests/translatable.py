"""Texts of people and clients that the catalogue must have: found in the source, as xgettext would."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings

from apps.core.errors import DomainError

MARKERS = frozenset({"_", "gettext", "gettext_lazy", "gettext_noop", "ngettext", "ngettext_lazy"})
# Calls whose argument at this position is a message that `problems.document` translates when it answers.
_MESSAGE_AT = {"document": 1, "problem_response": 1, "InvalidInput": 1}
# Read by operators of commands only, not by admins or clients of the API.
_FOR_OPERATORS = ("seals.py", "repair.py")
# Texts with a value in them, in all their forms.
_FORMS = {"f'The seller is {wallet.seller_status}.'": ("The seller is pending.", "The seller is suspended.")}
_IN_TEMPLATE = re.compile(r"""\{%\s*trans(?:late)?\s+(?:"([^"]+)"|'([^']+)')""")
_BLOCK = re.compile(r"\{%\s*blocktrans(?:late)?\b(?![^%]*\bcount\b)[^%]*%\}(.*?)\{%\s*endblocktrans", re.DOTALL)
_VARIABLE = re.compile(r"\{\{\s*(\w+)\s*\}\}")


def texts() -> Iterator[tuple[str, str]]:
    """Yield (where, text) of everything translatable in our sources and templates."""
    for folder in ("apps", "config"):
        for path in sorted((settings.BASE_DIR / folder).rglob("*.py")):
            if "tests" not in path.parts and "migrations" not in path.parts:
                yield from _in_python(path)
        for path in sorted((settings.BASE_DIR / folder).rglob("*.html")):
            yield from in_template(path)
            for block in _BLOCK.findall(path.read_text(encoding="utf-8")):
                yield path.name, _VARIABLE.sub(r"%(\1)s", block)


def in_template(path: Path) -> Iterator[tuple[str, str]]:
    """Yield (where, text) of a template."""
    for double, single in _IN_TEMPLATE.findall(path.read_text(encoding="utf-8")):
        yield path.name, double or single


def in_module(path: Path) -> Iterator[str]:
    """Yield the texts that a module of others marks; of two forms, the first."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and _name(node) in MARKERS:
            yield from _literals(node.args[:1])


def _name(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


def _in_python(path: Path) -> Iterator[tuple[str, str]]:
    messages = _MESSAGE_AT | dict.fromkeys(_error_names(), 0) | {"InvalidInput": 1}
    if path.name in _FOR_OPERATORS:
        messages = {}
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Call):
            continue
        name = _name(node)
        where = f"{path.relative_to(settings.BASE_DIR)}:{node.lineno}"
        if name in MARKERS:
            yield from ((where, text) for text in _literals(node.args[: 2 if name == "ngettext" else 1]))
        elif name in messages and len(node.args) > messages[name]:
            yield from ((where, text) for text in _literals([node.args[messages[name]]]))


def _error_names() -> set[str]:
    found, waiting = set(), [DomainError]
    while waiting:
        kind = waiting.pop()
        found.add(kind.__name__)
        waiting += kind.__subclasses__()
    return found


def _literals(arguments: list[ast.expr]) -> Iterator[str]:
    for argument in arguments:
        if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
            yield argument.value
        elif isinstance(argument, ast.JoinedStr):
            # A text with a value in it is in no catalogue: write `gettext("… %(name)s …") % {…}`.
            yield from _FORMS.get(ast.unparse(argument), (ast.unparse(argument),))
