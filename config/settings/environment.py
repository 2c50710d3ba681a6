"""The source of the settings: the environment, and `.env` for the variables that it lacks."""

import logging
from pathlib import Path

import environ
from django.core.exceptions import ImproperlyConfigured

BASE_DIR = Path(__file__).resolve().parent.parent.parent


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
