"""Log lines: whole, one line for any content, and without secrets."""

import json
import logging
import os
import subprocess
import sys
from pathlib import Path

import pytest

from apps.core.observability.logs import JsonFormatter, LineFormatter, LogFile, logging_config, open_log_folder

TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJ1c2VyX2lkIjoiMSJ9.c2lnbmF0dXJl"
FORGERY = 'x\n{"level":"ERROR","message":"forged"}\r\u2028y\x1b[2J'


def record(message: str, *args: object, **fields: object) -> logging.LogRecord:
    made = logging.LogRecord("sharj.test", logging.INFO, __file__, 1, message, args, None)
    made.__dict__["fields"] = fields
    return made


def test_a_json_line_carries_its_fields_and_the_request_id() -> None:
    line = json.loads(JsonFormatter().format(record("request", route="api/v1/charges/", status=201)))
    assert (line["message"], line["route"], line["status"], line["level"]) == (
        "request",
        "api/v1/charges/",
        201,
        "INFO",
    )
    assert line["time"].endswith("Z")
    assert "request_id" in line


@pytest.mark.parametrize("formatter", [JsonFormatter(), LineFormatter()])
def test_line_breaks_in_input_cannot_forge_a_line(formatter: logging.Formatter) -> None:
    text = formatter.format(record("name %s", FORGERY, company=FORGERY))
    assert len(text.splitlines()) == 1
    assert "\x1b" not in text


def test_a_traceback_cannot_forge_a_line_of_text() -> None:
    try:
        raise ValueError(FORGERY)
    except ValueError:
        made = record("failed")
        made.exc_info = sys.exc_info()
    assert all(line.startswith((" ", "Traceback")) for line in LineFormatter().format(made).split("\n")[1:])
    assert len(JsonFormatter().format(made).splitlines()) == 1


@pytest.mark.parametrize("formatter", [JsonFormatter(), LineFormatter()])
def test_tokens_and_the_rows_that_postgresql_quotes_are_hidden(formatter: logging.Formatter) -> None:
    row = "duplicate key\nDETAIL:  Key (seller_id, idempotency_key)=(1, my-secret-key) already exists."
    text = formatter.format(record("%s %s", f"Bearer {TOKEN}", row))
    assert "my-secret-key" not in text
    assert TOKEN not in text
    assert "eyJ" not in text


def test_a_file_is_reopened_after_logrotate_moved_it(tmp_path: Path) -> None:
    handler = LogFile(str(tmp_path / "application.log"))
    handler.setFormatter(JsonFormatter())
    handler.emit(record("first"))
    (tmp_path / "application.log").rename(tmp_path / "application.log.1")
    handler.emit(record("second"))
    handler.close()
    assert "first" in (tmp_path / "application.log.1").read_text()
    assert "second" in (tmp_path / "application.log").read_text()
    assert (tmp_path / "application.log").stat().st_mode & 0o007 == 0


def test_lines_of_several_processes_stay_whole(tmp_path: Path) -> None:
    script = (
        "import logging, sys; from apps.core.observability.logs import JsonFormatter, LogFile\n"
        "log = logging.getLogger('x'); log.setLevel('INFO'); handler = LogFile(sys.argv[1])\n"
        "handler.setFormatter(JsonFormatter()); log.addHandler(handler)\n"
        "for number in range(300): log.info('%s', sys.argv[2] * 9000, extra={'fields': {'number': number}})\n"
    )
    file = tmp_path / "application.log"
    writers = [subprocess.Popen([sys.executable, "-c", script, str(file), letter]) for letter in "abcd"]
    assert [writer.wait(60) for writer in writers] == [0, 0, 0, 0]
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    assert len(lines) == 1200
    assert all(line["message"] == line["message"][0] * 9000 for line in lines)


def test_an_error_in_a_log_never_reaches_the_caller(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logging, "raiseExceptions", False)
    (tmp_path / "logs").mkdir()
    handler = LogFile(str(tmp_path / "logs" / "application.log"))
    (tmp_path / "logs").rename(tmp_path / "gone")
    handler.emit(record("nowhere to go"))


def test_each_file_gets_what_belongs_there(tmp_path: Path) -> None:
    config = logging_config(level="INFO", style="json", stream="stderr", folder=open_log_folder(str(tmp_path / "logs")))
    script = (
        "import json, logging, logging.config, sys; logging.config.dictConfig(CONFIG)\n"
        "logging.getLogger('sharj.transactions').info('money'); logging.getLogger('sharj.security').info('door')\n"
        "logging.getLogger('apps.x').error('broken'); logging.getLogger('apps.x').info('fine')\n"
    )
    # In a process of its own: this one's logging is pytest's.
    formatters = {
        "json": {"()": "apps.core.observability.logs.JsonFormatter"},
        "line": {"()": "apps.core.observability.logs.LineFormatter"},
    }
    code = script.replace("CONFIG", repr({**config, "formatters": formatters}))
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, cwd=os.getcwd(), timeout=60)
    said = {
        file.name: [json.loads(line)["message"] for line in file.read_text().splitlines()]
        for file in (tmp_path / "logs").iterdir()
    }
    assert said == {
        "application.log": ["door", "broken", "fine"],
        "error.log": ["broken"],
        "security.log": ["door"],
        "transactions.log": ["money"],
    }
