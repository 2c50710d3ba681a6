"""Absence of secrets in tracked files and in every commit."""

import re
import subprocess
from collections.abc import Iterator

import pytest

from apps.core.database.embedded.server import REPOSITORY

SECRETS = {
    "private key": r"-----BEGIN [A-Z ]*PRIVATE KEY-----",
    "AWS key": r"\bAKIA[0-9A-Z]{16}\b",
    "GitHub token": r"\bgh[pousr]_[A-Za-z0-9]{36}\b",
    "Slack token": r"\bxox[abprs]-[A-Za-z0-9-]{20,}",
    "token with a signature": r"\beyJ[\w-]{15,}\.eyJ[\w-]{15,}\.[\w-]{43}\b",
    "secret of an API client": r"\bsharj_[\w-]{43}",
    "password in a URL": r"\b(?:postgres|postgresql|redis|https?)://[^\s:/@<>{}$\"']+:[^\s:/@<>{}$\"']{8,}@",
    "assigned secret": r"^[+ ]?(?:[A-Z_]+_KEY|DATABASE_\w*PASSWORD)\s*=\s*['\"]?[\w!@#%^&*+-]{30,}",
}
_PATTERN = re.compile(
    "|".join(f"(?P<{re.sub(r'[^a-z]', '_', name.lower())}>{rule})" for name, rule in SECRETS.items()),
    re.MULTILINE,
)
_ALLOWED = re.compile(r"example|EXAMPLE|changeme|placeholder")


def secrets_in(text: str) -> Iterator[str]:
    """Yield each text that looks like a secret, cut short, with its kind."""
    for match in _PATTERN.finditer(text):
        line = text[text.rfind("\n", 0, match.start()) + 1 : match.end()]
        if not _ALLOWED.search(line):
            yield f"{match.lastgroup}: {match[0][:24]}..."


def _git(*arguments: str) -> str:
    result = subprocess.run(["git", *arguments], cwd=REPOSITORY, capture_output=True, check=False)
    if result.returncode != 0:
        pytest.skip("not a git checkout")
    return result.stdout.decode(errors="replace")


def test_no_tracked_file_holds_a_secret() -> None:
    found = {}
    for name in _git("ls-files", "-z").split("\0"):
        path = REPOSITORY / name
        if name and path.is_file() and (secrets := list(secrets_in(path.read_text(errors="replace")))):
            found[name] = secrets
    assert found == {}


def test_no_commit_ever_held_a_secret() -> None:
    assert sorted(set(secrets_in(_git("log", "--all", "--no-color", "--unified=0", "--patch", "--no-merges")))) == []


def test_no_file_of_secrets_was_ever_tracked() -> None:
    names = set(_git("log", "--all", "--name-only", "--pretty=format:").split("\n"))
    assert [name for name in names if re.search(r"(^|/)(\.env|passwords\.json|id_rsa)$|\.(pem|key|p12)$", name)] == []


@pytest.mark.parametrize(
    "secret",
    [
        "-----BEGIN RSA " + "PRIVATE KEY-----",
        "AKIA" + "A1B2C3D4E5F6G7H8",
        "ghp_" + "a" * 36,
        "xoxb-" + "1" * 24,
        "eyJ" + "a" * 20 + ".eyJ" + "b" * 20 + "." + "c" * 43,
        "sharj_" + "s" * 43,
        "postgres://sharj:" + "hunter2hunter2@db/sharj",
        "SECRET_KEY = '" + "k" * 50 + "'",
    ],
)
def test_each_kind_of_secret_is_noticed(secret: str) -> None:
    assert list(secrets_in(f"first line\n{secret}\nlast line"))
