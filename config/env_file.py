"""Creation of `.env` from `.env.example` with fresh secrets; django-environ reads it (`config.settings.environment`).

Standard library only: it runs before anything is installed. Run as a script, it creates `.env` unless it exists.
"""

import os
import re
import secrets
import sys
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
GENERATED = {"SECRET_KEY": 50, "WEBHOOK_ENCRYPTION_KEY": 32, "DJANGO_SUPERUSER_PASSWORD": 16}  # bytes of randomness


def create_env_file(example: Path, target: Path) -> bool:
    """Write `target` (mode 600) with every secret of `GENERATED` filled in; return False if it exists already."""
    text = example.read_text(encoding="utf-8")
    for name, size in GENERATED.items():
        text = re.sub(rf"^{name}=$", f"{name}={secrets.token_urlsafe(size)}", text, flags=re.MULTILINE)
    scratch = target.with_name(f"{target.name}.{os.getpid()}")
    with open(os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as out:
        out.write(text)
    try:
        os.link(scratch, target)  # unlike a rename, never replaces a file that appeared meanwhile
    except FileExistsError:
        return False
    finally:
        scratch.unlink()
    return True


if __name__ == "__main__":
    if create_env_file(REPOSITORY / ".env.example", REPOSITORY / ".env"):
        sys.stdout.write(f"Created .env with a new {', '.join(GENERATED)}.\n")
