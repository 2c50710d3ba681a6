"""Formatters and files of the logs: one record is one line, one line is one write. gunicorn.conf.py uses them too."""

import json
import logging
import os
import re
import tempfile
from datetime import UTC, datetime
from io import TextIOWrapper
from logging.handlers import WatchedFileHandler
from pathlib import Path
from typing import Any

import orjson
from django.core.exceptions import ImproperlyConfigured

from apps.core.observability import request_id

# A token, and the row that PostgreSQL quotes in an error: it may hold an idempotency key.
_SECRETS = re.compile(r"\beyJ[\w-]+\.[\w-]+(?:\.[\w-]*)?|(?<=DETAIL: )[^\n]+", re.IGNORECASE)
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_encode_in_ascii = json.JSONEncoder(default=str, separators=(",", ":")).encode  # escapes every line break

# No line names its thread, its process or the code that logged it, and finding them costs as much as the line.
logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
logging._srcfile = None  # as the "Optimization" section of logging's documentation says


def _encode(line: dict[str, Any]) -> str:
    try:
        text = orjson.dumps(line, default=str)
    except orjson.JSONEncodeError:  # a number beyond 64 bits, half a surrogate pair
        return _encode_in_ascii(line)
    return text.decode() if text.isascii() else _encode_in_ascii(line)


def redact(text: str) -> str:
    """Replace tokens and the rows that PostgreSQL quotes."""
    return _SECRETS.sub("[hidden]", text)


def _fields(record: logging.LogRecord) -> dict[str, Any]:
    """Return the fields given as `extra={"fields": {...}}`."""
    fields: dict[str, Any] = record.__dict__.get("fields") or {}
    return fields


class JsonFormatter(logging.Formatter):
    """A formatter for machines: one JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        moment = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        line: dict[str, Any] = {
            "time": f"{moment[:-6]}Z",
            "level": record.levelname,
            "logger": record.name,
            "message": redact(record.getMessage()),
            "request_id": request_id.current(),
            **_fields(record),
        }
        if record.exc_info:
            line["exception"] = redact(self.formatException(record.exc_info))
        return _encode(line)


class LineFormatter(logging.Formatter):
    """A formatter for people. Lines after the first (a traceback) are indented, so that none looks like a record."""

    def format(self, record: logging.LogRecord) -> str:
        fields = " ".join(f"{name}={value}" for name, value in _fields(record).items() if value is not None)
        text = _CONTROL.sub(lambda found: repr(found[0])[1:-1], redact(f"{record.getMessage()} {fields}".rstrip()))
        moment = datetime.fromtimestamp(record.created, UTC).strftime("%H:%M:%S")
        line = f"{moment} {record.levelname} {record.name} [{request_id.current()}] {text}"
        if record.exc_info:
            line += "\n" + redact(self.formatException(record.exc_info)).replace("\n", "\n    ")
        return line


class LogFile(WatchedFileHandler):
    """A log file that is opened anew after logrotate has moved it, and that only its owner and group can read."""

    def _open(self) -> TextIOWrapper:
        return open(self.baseFilename, "a", encoding="utf-8", opener=lambda path, flags: os.open(path, flags, 0o640))

    def emit(self, record: logging.LogRecord) -> None:
        try:
            super().emit(record)
        except Exception:
            self.handleError(record)  # a folder that is gone or full must not refuse a request


def logging_config(*, level: str, style: str, stream: str, folder: str) -> dict[str, Any]:
    """Return the configuration of `logging`.

    `style` (json or line) is the form of the lines on `stream` (stdout or stderr). A `folder` gets files too, in JSON:
    application.log has everything, transactions.log each balance change, security.log logins, refusals and changes of
    rights, error.log what needs attention. The ledger itself is the record of balances, so without files their changes
    are not logged a second time.
    """
    handlers: dict[str, Any] = {
        "console": {"class": "logging.StreamHandler", "stream": f"ext://sys.{stream}", "formatter": style}
    }
    logged: dict[str, list[str]] = {"": ["console"], "sharj.transactions": [], "sharj.security": []}
    if folder:
        files = {"application": "", "error": "", "transactions": "sharj.transactions", "security": "sharj.security"}
        for name, logger in files.items():
            path = str(Path(folder) / f"{name}.log")
            handlers[name] = {
                "class": "apps.core.observability.logs.LogFile",
                "filename": path,
                "formatter": "json",
            }
            logged[logger].append(name)
        handlers["error"]["level"] = "ERROR"
    transactions_level = "INFO" if folder else "CRITICAL"
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"json": {"()": JsonFormatter}, "line": {"()": LineFormatter}},
        "handlers": handlers,
        "root": {"handlers": logged[""], "level": level},
        "loggers": {
            "sharj.transactions": {
                "handlers": logged["sharj.transactions"],
                "level": transactions_level,
                "propagate": False,
            },
            "sharj.security": {"handlers": logged["sharj.security"], "level": "INFO"},
            "django.security": {"handlers": logged["sharj.security"]},
            "fontTools": {"level": "WARNING"},  # else a page of lines for each PDF
            "django.request": {"level": "ERROR"},  # our own line per request says more
            "django.server": {"handlers": [], "level": "ERROR"},
            "procrastinate": {"level": "WARNING"},  # two lines for each job; `outbox.jobs` logs what fails
        },
    }


def open_log_folder(folder: str) -> str:
    """Create the folder of LOG_DIR, if that is set, and return its full path.

    Raises:
        ImproperlyConfigured: no file can be made in it.
    """
    if not folder:
        return ""
    path = Path(folder).expanduser().resolve()
    try:
        path.mkdir(mode=0o750, parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=path):
            pass
    except OSError as error:
        raise ImproperlyConfigured(f"LOG_DIR {path} cannot be written: {error.strerror}.") from error
    return str(path)
