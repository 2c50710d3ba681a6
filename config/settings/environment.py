"""The source of the settings: the environment, files that it names, and `.env` for the variables that it lacks."""

import logging
import os
from pathlib import Path

import environ
from django.core.exceptions import ImproperlyConfigured

BASE_DIR = Path(__file__).resolve().parent.parent.parent

# Each may stand in a file that NAME_FILE names, such as a secret of compose: `docker inspect` shows the environment.
SECRETS = (
    "SECRET_KEY", "SECRET_KEY_FALLBACKS", "JWT_SIGNING_KEY", "JWT_VERIFYING_KEYS_FALLBACK",
    "WEBHOOK_ENCRYPTION_KEY", "WEBHOOK_ENCRYPTION_KEYS_FALLBACK",
    "DATABASE_PASSWORD", "DATABASE_OWNER_PASSWORD", "DATABASE_ADMIN_PASSWORD", "DATABASE_REPLICA_PASSWORD",
    "DJANGO_SUPERUSER_PASSWORD", "REDIS_PASSWORD", "METRICS_TOKEN",
)  # fmt: skip


def _read_secret_files() -> None:
    """Put the contents of the files of secrets into this process's environment; a file wins over the variable."""
    for name in SECRETS:
        if file := os.environ.get(f"{name}_FILE"):
            try:
                os.environ[name] = Path(file).read_text(encoding="utf-8").rstrip("\r\n")
            except (OSError, ValueError) as error:
                raise ImproperlyConfigured(f"Cannot read {name}_FILE: {error}") from error


def _read_operator_secrets() -> None:
    """Put the lines OPERATOR_SECRET_<NAME>=<secret> of the file OPERATOR_SECRETS_FILE into the environment."""
    file = os.environ.get("OPERATOR_SECRETS_FILE")
    try:
        lines = Path(file).read_text(encoding="utf-8").splitlines() if file else []
    except (OSError, ValueError) as error:
        raise ImproperlyConfigured(f"Cannot read OPERATOR_SECRETS_FILE: {error}") from error
    for number, line in enumerate(lines, start=1):
        name, _, value = line.partition("=")
        if name.startswith("OPERATOR_SECRET_") and value:
            os.environ[name] = value
        elif line.strip():  # the line is not quoted: it may hold a secret
            raise ImproperlyConfigured(f"OPERATOR_SECRETS_FILE, line {number}: not OPERATOR_SECRET_<NAME>=<secret>.")


def _refuse_invalid_line(record: logging.LogRecord) -> bool:
    # django-environ would skip the line with a warning that quotes it, and it may hold a secret.
    if record.levelno >= logging.WARNING:
        raise ImproperlyConfigured(".env has a line that is not NAME=value.")
    return True


def _read_env_file() -> None:
    """Add the variables of `.env` to the environment, which wins over the file."""
    log = logging.getLogger("environ.environ")
    log.addFilter(_refuse_invalid_line)
    try:
        environ.Env.read_env(BASE_DIR / ".env")
    except UnicodeDecodeError as error:
        raise ImproperlyConfigured(f"Cannot read .env: {error}") from error
    finally:
        log.removeFilter(_refuse_invalid_line)


env = environ.Env()
_read_env_file()
_read_secret_files()
_read_operator_secrets()
