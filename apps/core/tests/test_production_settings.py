"""Production starts with safe settings only, and names an unsafe one in one line."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from apps.testing.commands import assert_one_line, manage
from config.env_file import REPOSITORY

SECRET = "a-long-and-random-key-of-more-than-fifty-characters-0123456789"
SAFE = {
    "DJANGO_SETTINGS_MODULE": "config.settings.production",
    "SECRET_KEY": SECRET,
    "WEBHOOK_ENCRYPTION_KEY": "another-long-and-random-key-0123456789",
    "ALLOWED_HOSTS": "api.example.com",
    "DEBUG": "false",
    "DATABASE_HOST": "db.example.com",
    "DATABASE_USER": "sharj_app",
    "DATABASE_PASSWORD": "hard-to-guess-1",
    "DATABASE_OWNER_PASSWORD": "hard-to-guess-2",
    "DJANGO_SUPERUSER_PASSWORD": "hard-to-guess-3",
}


def test_the_deployment_check_has_no_warning() -> None:
    done = manage("check", "--deploy", "--fail-level", "DEBUG", environment=SAFE)
    assert done.returncode == 0, done.stderr
    assert "no issues (0 silenced)" in done.stdout


def test_the_deployment_check_tells_that_a_password_is_enough_and_production_asks_for_more() -> None:
    told = manage("check", "--deploy", "--fail-level", "WARNING", environment=SAFE | {"REQUIRE_SECOND_FACTOR": "false"})
    assert told.returncode == 0
    assert "(sharj.I002) Staff who approve need no second factor" in told.stderr


@pytest.mark.parametrize(
    ("changed", "complaint"),
    [
        ({"SECRET_KEY": "short"}, "SECRET_KEY is weak"),
        ({"SECRET_KEY": "django-insecure-" + "0123456789" * 5}, "SECRET_KEY is weak"),
        ({"JWT_SIGNING_KEY": "short"}, "JWT_SIGNING_KEY is weak"),
        ({"WEBHOOK_ENCRYPTION_KEY": ""}, "WEBHOOK_ENCRYPTION_KEY is missing, weak or the SECRET_KEY"),
        ({"WEBHOOK_ENCRYPTION_KEY": "short"}, "WEBHOOK_ENCRYPTION_KEY is missing, weak or the SECRET_KEY"),
        ({"WEBHOOK_ENCRYPTION_KEY": SECRET}, "WEBHOOK_ENCRYPTION_KEY is missing, weak or the SECRET_KEY"),
        ({"WEBHOOK_ALLOWED_NETWORKS": "0.0.0.0/0"}, "WEBHOOK_ALLOWED_NETWORKS must name the networks"),
        ({"WEBHOOK_ALLOWED_NETWORKS": "10.0.0.1/8"}, "WEBHOOK_ALLOWED_NETWORKS must be networks"),
        ({"WEBHOOK_CA_FILE": "/nothing/here.pem"}, "WEBHOOK_CA_FILE cannot be read"),
        ({"OPERATOR_SIMULATOR_PORT": "8090"}, "OPERATOR_SIMULATOR_PORT would sell charges"),
        ({"DEBUG": "true"}, "DEBUG must be off"),
        ({"ALLOWED_HOSTS": ""}, "ALLOWED_HOSTS must name"),
        ({"ALLOWED_HOSTS": "*"}, "ALLOWED_HOSTS must name"),
        ({"DATABASE_PASSWORD": "postgres"}, "DATABASE_PASSWORD is a default password"),
        ({"DATABASE_PASSWORD": "sharj_app"}, "DATABASE_PASSWORD is a default password"),
        ({"DATABASE_PASSWORD": ""}, "DATABASE_PASSWORD is a default password"),
        ({"DATABASE_OWNER_PASSWORD": "changeme"}, "DATABASE_OWNER_PASSWORD is a default password"),
        ({"DATABASE_ADMIN_PASSWORD": "postgres"}, "DATABASE_ADMIN_PASSWORD is a default password"),
        ({"DATABASE_REPLICA_PASSWORD": "sharj"}, "DATABASE_REPLICA_PASSWORD is a default password"),
        ({"DJANGO_SUPERUSER_PASSWORD": "Admin"}, "DJANGO_SUPERUSER_PASSWORD is a default password"),
        ({"TRUSTED_PROXIES": "0.0.0.0/0"}, "TRUSTED_PROXIES must name"),
        ({"METRICS_ALLOWED_NETWORKS": "::/0"}, "METRICS_ALLOWED_NETWORKS must not be all addresses"),
        ({"PENDING_SELLER_USERS": "-1"}, "PENDING_SELLER_USERS must be a whole number"),
        ({"SELLER_OPEN_REQUESTS": "many"}, "SELLER_OPEN_REQUESTS must be a whole number"),
        ({"CREDIT_REQUEST_MAX_AMOUNT": "1e9"}, "CREDIT_REQUEST_MAX_AMOUNT is not an amount"),
        ({"LOG_DIR": "/proc/logs"}, "LOG_DIR /proc/logs cannot be written"),
    ],
)
def test_an_unsafe_setting_is_refused_in_one_line(changed: dict[str, str], complaint: str) -> None:
    assert_one_line(manage("check", environment=SAFE | changed), f"Error: {complaint}")


SHOW = (
    "from django.conf import settings as s; from apps.core.database.logins import database_login\n"
    "import os; print(s.SECRET_KEY, s.JWT_SIGNING_KEY, s.METRICS_TOKEN, s.REDIS_OPTIONS['password'],"
    " database_login('app')['PASSWORD'], database_login('owner')['PASSWORD'], s.SECRET_KEY_FALLBACKS,"
    " os.environ['DJANGO_SUPERUSER_PASSWORD'])"
)


def test_secrets_come_from_the_files_that_the_environment_names(tmp_path: Path) -> None:
    values = {
        "SECRET_KEY": "k" * 10 + SAFE["SECRET_KEY"], "JWT_SIGNING_KEY": "j" * 10 + SAFE["SECRET_KEY"],
        "METRICS_TOKEN": "metrics", "REDIS_PASSWORD": "redis-password", "DATABASE_PASSWORD": "app-password",
        "DATABASE_OWNER_PASSWORD": "owner-password", "SECRET_KEY_FALLBACKS": "", "DJANGO_SUPERUSER_PASSWORD": "first",
    }  # fmt: skip
    for name, value in values.items():
        (tmp_path / name).write_text(f"{value}\n")  # an editor's last line feed is no part of it
    files = {f"{name}_FILE": str(tmp_path / name) for name in values}
    without: dict[str, str | None] = dict.fromkeys(values)
    environment = {**SAFE, **without, **files, "DATABASE_OWNER_USER": "sharj_owner"}

    done = manage("shell", "--no-imports", "--command", SHOW, environment=environment)

    assert done.stdout.split() == [
        values["SECRET_KEY"], values["JWT_SIGNING_KEY"], "metrics", "redis-password", "app-password", "owner-password",
        "[]", "first",
    ], done.stderr  # fmt: skip


@pytest.mark.parametrize(
    ("content", "complaint"),
    [(None, "Cannot read DATABASE_PASSWORD_FILE"), ("postgres\n", "DATABASE_PASSWORD is a default password")],
)
def test_a_file_of_a_secret_is_checked_like_a_variable(tmp_path: Path, content: str | None, complaint: str) -> None:
    if content:
        (tmp_path / "password").write_text(content)
    environment = SAFE | {"DATABASE_PASSWORD_FILE": str(tmp_path / "password")}
    assert_one_line(manage("check", environment=environment), f"Error: {complaint}")


def test_secrets_of_operators_come_from_one_file(tmp_path: Path) -> None:
    file = tmp_path / "operators"
    environment = SAFE | {"OPERATOR_SECRETS_FILE": str(file)}
    file.write_text("OPERATOR_SECRET_MCI=a=b\n\nOPERATOR_SECRET_RIGHTEL=c\n")
    show = "import os; print(os.environ['OPERATOR_SECRET_MCI'], os.environ['OPERATOR_SECRET_RIGHTEL'])"
    assert manage("shell", "--no-imports", "--command", show, environment=environment).stdout.split() == ["a=b", "c"]
    for content in ("hunter2\n", "SECRET_KEY=hunter2\n", "OPERATOR_SECRET_MCI=\n"):
        file.write_text(content)
        done = manage("check", environment=environment)
        assert_one_line(done, "Error: OPERATOR_SECRETS_FILE, line 1: not OPERATOR_SECRET_<NAME>=<secret>.")
        assert "hunter2" not in done.stderr
    file.unlink()
    assert_one_line(manage("check", environment=environment), "Error: Cannot read OPERATOR_SECRETS_FILE")


def test_pages_and_data_say_what_a_browser_may_run() -> None:
    script = (
        "import django; django.setup(); from django.test import Client, override_settings\n"
        "for path in ('/api/v1/health/live/', '/admin/login/', '/swagger/'):\n"
        "    answer = Client().get(path, secure=True, headers={'Host': 'api.example.com'})\n"
        "    print(answer.status_code, answer.headers['Content-Security-Policy'])\n"
        "    assert answer.headers['Strict-Transport-Security'].startswith('max-age=31536000; includeSubDomains')\n"
        "    assert answer.headers['X-Content-Type-Options'] == 'nosniff'\n"
        "answer = Client().get('/api/v1/auth/me/', headers={'Host': 'api.example.com', 'X-Forwarded-Proto': 'https'})\n"
        "assert answer.status_code == 301, answer.status_code\n"
    )
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", script],
        cwd=REPOSITORY, env={**os.environ, **SAFE}, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    data, admin, documentation = done.stdout.splitlines()
    assert data.startswith("200 default-src 'none'")
    assert admin.startswith("200 default-src 'self'")
    assert documentation.startswith("200 default-src 'self'")
