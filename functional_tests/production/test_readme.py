"""The README's production section and the commands of docs/operations.md, followed as far as no engine is needed."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from functional_tests.production.places import REPOSITORY, program

pytestmark = pytest.mark.usefixtures("programs")


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what a clone has, on which the first command of the section was run."""
    folder = tmp_path_factory.mktemp("clone")
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=REPOSITORY, capture_output=True, text=True, check=True,
    )  # fmt: skip
    for name in filter(None, listed.stdout.split("\0")):
        if (REPOSITORY / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(REPOSITORY / name, folder / name)
    make_env, _ = readme_commands()
    subprocess.run(make_env, cwd=folder, check=True, capture_output=True)
    return folder


def readme_commands() -> list[list[str]]:
    """Return the commands of the README's production section, in order."""
    section = (REPOSITORY / "README.md").read_text().split("## Production\n")[1].split("\n## ")[0]
    return [shlex.split(line, comments=True) for line in re.findall(r"^    (\S.+)$", section, re.M)]


def compose(checkout: Path, command: list[str], **changed: str) -> dict[str, Any]:
    """Return what compose would run: the command's own files and variables, with `config` for what needs an engine."""
    assert command[:2] == ["docker", "compose"]
    options = command[2 : command.index("up")]
    environment = {"PATH": os.defpath, "HOME": "/tmp", **changed}
    done = subprocess.run(
        [program("docker-compose"), *options, "config"],
        cwd=checkout, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, "WARN" in done.stderr) == (0, False), done.stderr
    document: dict[str, Any] = yaml.safe_load(done.stdout)
    return document


def variables(checkout: Path) -> dict[str, str]:
    lines = (checkout / "compose.env").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if re.match(r"[A-Z_]+=", line))


def test_the_first_command_makes_secrets_that_only_we_read_and_never_makes_them_again(checkout: Path) -> None:
    file = checkout / "compose.env"
    assert file.stat().st_mode & 0o777 == 0o600
    made = variables(checkout)
    secrets = {value for name, value in made.items() if name.endswith(("_KEY", "_PASSWORD", "_TOKEN"))}
    assert len(secrets) == 10
    assert min(map(len, secrets)) >= 50
    make_env, _ = readme_commands()
    again = subprocess.run(make_env, cwd=checkout, check=True, capture_output=True, text=True)
    assert "exists already" in again.stdout
    assert variables(checkout) == made


def test_the_second_command_gives_the_application_settings_that_pass_the_deployment_check(checkout: Path) -> None:
    _, up = readme_commands()
    services = compose(checkout, up)["services"]
    for name in ("app", "release"):
        given = {key: "" if value is None else str(value) for key, value in services[name]["environment"].items()}
        command = [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"]
        environment = {"PATH": os.defpath, "DJANGO_SETTINGS_MODULE": "config.settings.production", **given}
        done = subprocess.run(command, cwd=checkout, env=environment, capture_output=True, text=True, check=False)
        assert "no issues (0 silenced)" in done.stdout, (name, done.stderr)


def test_a_standby_is_two_lines_of_compose_env(checkout: Path) -> None:
    _, up = readme_commands()
    names = re.findall(
        r"^# (COMPOSE_PROFILES|DATABASE_REPLICA_HOST)=(\S+)", (checkout / "compose.env").read_text(), re.M
    )
    services = compose(checkout, up, **dict(names))["services"]
    assert services["app"]["environment"]["DATABASE_REPLICA_HOST"] in services
    standby = services["postgres-replica"]
    assert standby["environment"]["PEERS"] == standby["environment"]["LEADER"] == "postgres"
    assert services["postgres"]["environment"]["PEERS"] == "postgres-replica"
    assert standby["profiles"] == ["replica"]


def documented() -> list[list[str]]:
    """Return every `docker compose ...` of docs/operations.md, after the dots."""
    text = (REPOSITORY / "docs/operations.md").read_text().replace("\\\n", " ")
    lines = re.findall(r"^    docker compose \.\.\. (.+)$", text, re.M)
    return [shlex.split(line, comments=True) for line in lines]


def test_commands_of_the_operations_manual_name_what_exists(checkout: Path) -> None:
    _, up = readme_commands()
    services = compose(checkout, up, COMPOSE_PROFILES="replica")["services"]
    commands = documented()
    assert len(commands) > 8
    for command in commands:
        for word in command:
            if word.startswith("./"):
                assert (REPOSITORY / word.split(":")[0]).exists(), command
        if command[0] in ("exec", "run"):
            assert set(services).intersection(command), command
        if command[0] == "stop":
            assert set(command[1:]) <= set(services), command
        if "manage.py" in command:
            name = command[command.index("manage.py") + 1]
            assert list(REPOSITORY.glob(f"apps/*/management/commands/{name}.py")), command
