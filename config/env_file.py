"""The `.env` file: create it from `.env.example` with fresh secrets, and find the line that breaks it.

Standard library only: it runs before anything is installed. Run as a script, it creates `.env` unless it exists.
"""

import os
import re
import secrets
import sys
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
GENERATED = {"SECRET_KEY": 50, "DJANGO_SUPERUSER_PASSWORD": 16}  # bytes of randomness


class EnvFileError(Exception):
    """`.env` cannot be used; the message is one clear line."""


def create_env_file(example: Path, target: Path) -> bool:
    """Write `target` (mode 600) with every secret of `GENERATED` filled in; return False if it exists already."""
    text = example.read_text(encoding="utf-8")
    for name, size in GENERATED.items():
        text = re.sub(rf"^{name}=$", f"{name}={secrets.token_urlsafe(size)}", text, flags=re.MULTILINE)
    scratch = target.with_name(f"{target.name}.{os.getpid()}")
    with open(os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as out:
        out.write(text)
    try:
        os.link(scratch, target)  # unlike a rename, never replaces what somebody else has put there
    except FileExistsError:
        return False
    finally:
        scratch.unlink()
    return True


def check_env_file(path: Path) -> None:
    """Raise `EnvFileError` if the file exists but cannot be read, or has a line that is no `NAME=value`."""
    if not path.exists():
        return
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise EnvFileError(f"Cannot read {path.name}: {error}") from error
    for number, line in enumerate(lines, start=1):
        if line.strip() and not line.lstrip().startswith("#") and not _is_assignment(line):
            # The line itself is not shown: it may hold a secret.
            raise EnvFileError(f"{path.name}, line {number}: expected NAME=value.")


def _is_assignment(line: str) -> bool:
    match = re.fullmatch(r"(?:export )?[A-Za-z_]\w*=(.*)", line)
    if match is None:
        return False
    value = match[1].strip()
    return value[:1] not in ("'", '"') or (len(value) > 1 and value[-1] == value[0])


if __name__ == "__main__":
    if create_env_file(REPOSITORY / ".env.example", REPOSITORY / ".env"):
        sys.stdout.write("Created .env with a new SECRET_KEY and DJANGO_SUPERUSER_PASSWORD.\n")
