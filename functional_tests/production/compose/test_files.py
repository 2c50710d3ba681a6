"""The compose files, their templates and the manual agree: what `docker compose config` makes of them."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
from pathlib import Path
from typing import Any

import pytest

from functional_tests.production.checkout import copy_checkout, readme_commands
from functional_tests.production.places import DEPLOY, REPOSITORY

pytestmark = pytest.mark.usefixtures("engine")
SECTIONS = ["Development in containers", "Production"]
ALL = "replica,delivery,offsite,certbot"
DIGEST = "sha256:" + "0123456789abcdef" * 4


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clone in which the README's first command was run."""
    folder = copy_checkout(tmp_path_factory.mktemp("clone"))
    subprocess.run(["sh", "-c", readme_commands("Production")[0]], cwd=folder, check=True, capture_output=True)
    return folder


def merged(clone: Path, section: str, **changed: str) -> dict[str, Any]:
    """Return the setup of a section of the README as compose reads it."""
    up = readme_commands(section)[1]
    words = shlex.split(up[: up.index(" up ")])
    environment = {"PATH": os.environ["PATH"], "HOME": os.environ["HOME"], **changed}
    environment |= {name: value for name, value in os.environ.items() if name.startswith("DOCKER_")}
    done = subprocess.run(
        [*words, "config", "--format", "json"], cwd=clone, env=environment, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")  # a variable that nothing sets is a warning
    document: dict[str, Any] = json.loads(done.stdout)
    return document


@pytest.mark.parametrize("section", SECTIONS)
def test_what_the_files_name_exists(clone: Path, section: str) -> None:
    document = merged(clone, section)
    for name, service in document["services"].items():
        for volume in service.get("volumes", []):
            is_there = Path(volume["source"]).exists() or volume["source"].endswith("/tls")
            assert is_there if volume["type"] == "bind" else volume["source"] in document["volumes"], name
    for secret in document["secrets"].values():
        assert Path(secret["file"]).is_file()


def test_services_restart_and_are_watched(clone: Path) -> None:
    services = merged(clone, "Production", COMPOSE_PROFILES=ALL)["services"]
    once = {"release", "folders"}
    assert {name for name, service in services.items() if service.get("restart") != "unless-stopped"} == once
    unwatched = {name for name, service in services.items() if "healthcheck" not in service}
    # app: the image's own; the jobs: the age of their stamps is an alert.
    assert unwatched == {"app", "folders", "backup", "restore-test", "offsite", "certbot"}
    assert "HEALTHCHECK" in (REPOSITORY / "Dockerfile").read_text()


def test_templates_get_every_variable(clone: Path) -> None:
    services = merged(clone, "Production")["services"]
    template = (DEPLOY / "nginx/sharj.conf.template").read_text()
    assert set(re.findall(r"\$\{(\w+)\}", template)) == set(services["nginx"]["environment"])
    bouncer = (DEPLOY / "pgbouncer/pgbouncer.ini.template").read_text()
    known = {*services["pgbouncer"]["environment"], "POSTGRES_PORT", "PGBOUNCER_ADDRESS", "PGBOUNCER_PORT", "PGBOUNCER_FOLDER"}  # fmt: skip  # noqa: E501
    assert set(re.findall(r"\$\{(\w+)\}", bouncer)) <= known


def test_only_who_needs_it_gets_a_secret(clone: Path) -> None:
    services = merged(clone, "Production", COMPOSE_PROFILES=ALL)["services"]
    holders: dict[str, set[str]] = {}
    for name, service in services.items():
        for secret in service.get("secrets", []):
            holders.setdefault(secret["source"], set()).add(name)
        given = service.get("environment") or {}
        assert not [key for key in given if re.search(r"(PASSWORD|(?<!TLS)_KEY|_FALLBACKS?|TOKEN)$", key)], name
    both = {"app", "release", "night", "worker", "stream", "delivery"}
    keys = (
        "secret_key", "secret_key_fallbacks", "jwt_signing_key", "jwt_verifying_keys_fallback",
        "webhook_encryption_key", "webhook_encryption_keys_fallback",
    )  # fmt: skip
    assert holders == {
        **dict.fromkeys(keys, both), "database_password": {*both, "pgbouncer", "restore-test"},
        "redis_password": {*both, "redis"},
        "metrics_token": {*both, "prometheus"}, "grafana_password": {"grafana"},
        "database_owner_password": {"release"}, "django_superuser_password": {"release"},
        "postgres_password": {"postgres", "postgres-replica", "release", "backup"},
        "alert_webhook_url": {"alertmanager"}, "restic_password": {"offsite"}, "s3_credentials": {"offsite"},
        "operator_secrets": {"app", "delivery"},
    }  # fmt: skip


def test_a_standby_is_two_lines_of_compose_env(clone: Path) -> None:
    text = (clone / "compose.env").read_text()
    names = re.findall(r"^# (COMPOSE_PROFILES|DATABASE_REPLICA_HOST)=(\S+)", text, re.M)
    services = merged(clone, "Production", **dict(names))["services"]
    assert services["app"]["environment"]["DATABASE_REPLICA_HOST"] in services
    assert services["postgres"]["environment"]["PEERS"] == "postgres-replica"
    assert services["postgres-replica"]["environment"]["PEERS"] == "postgres"


def test_deliveries_are_a_line_and_a_profile_of_compose_env(clone: Path) -> None:
    usual = merged(clone, "Production")["services"]
    assert "delivery" not in usual
    assert usual["app"]["environment"]["DELIVERY"] == "false"
    [name] = re.findall(r"^# (DELIVERY)=true$", (clone / "compose.env").read_text(), re.M)
    services = merged(clone, "Production", COMPOSE_PROFILES="delivery", **{name: "true"})["services"]
    assert {services[each]["environment"]["DELIVERY"] for each in ("app", "delivery")} == {"true"}
    assert set(services["delivery"]["networks"]) == {"data", "out"}  # operators are outside
    assert services["delivery"]["command"][2] == "deliver_charges"


def test_one_command_pins_every_image_to_a_digest(clone: Path, tmp_path: Path) -> None:
    """No registry is at hand: a `docker` that answers with a digest shows what the command does with it."""
    (tmp_path / "docker").write_text(f"#!/bin/sh\necho {DIGEST}\n")
    (tmp_path / "docker").chmod(0o755)
    environment = {"PATH": f"{tmp_path}:{os.environ['PATH']}"}
    before = (clone / "compose.env").read_text()
    try:
        for _ in range(2):  # a second time, it replaces
            subprocess.run([clone / "deploy/pin_images.sh"], env=environment, check=True, capture_output=True)
        pinned = re.findall(r"^(\w+)_IMAGE=(\S+)@(\S+)$", (clone / "compose.env").read_text(), re.M)
        assert {name for name, _, _ in pinned} == {"POSTGRES", "REDIS", "NGINX", "PROMETHEUS", "ALERTMANAGER", "CERTBOT", "GRAFANA", "PYTHON", "DEBIAN"}  # fmt: skip  # noqa: E501
        services = merged(clone, "Production", COMPOSE_PROFILES=ALL)["services"]
        for name, service in services.items():
            built_on = (service.get("build", {}).get("args") or {}).values()
            images = built_on if "build" in service else [service["image"]]
            assert all(DIGEST in image or image.startswith("sharj:") for image in images), name
            assert images, name
    finally:
        (clone / "compose.env").write_text(before)


def documented() -> list[list[str]]:
    """Return every `docker compose ...` of docs/operations.md, after the dots."""
    text = (REPOSITORY / "docs/operations.md").read_text().replace("\\\n", " ")
    lines = re.findall(r"^    docker compose \.\.\. (.+)$", text, re.M)
    return [shlex.split(line, comments=True) for line in lines]


def test_commands_of_the_operations_manual_name_what_exists(clone: Path) -> None:
    services = merged(clone, "Production", COMPOSE_PROFILES=ALL)["services"]
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
