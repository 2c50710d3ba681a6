"""Access to /metrics, the content of a scrape, and its cost."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from django.test import Client
from prometheus_client.core import Metric
from pytest_django import DjangoAssertNumQueries, Settings

from apps.core.observability import metrics
from apps.core.observability.requests import client_address

STRANGER = "203.0.113.7"


@pytest.fixture(autouse=True)
def _fresh_gauges(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metrics, "_database_gauges", metrics.DatabaseGauges())


def scrape(client: Client, **headers: str) -> str:
    response = client.get("/metrics", headers=headers)
    assert response.status_code == 200, response.content
    return response.content.decode()


@pytest.mark.django_db
def test_a_stranger_may_not_scrape(client: Client, settings: Settings) -> None:
    settings.METRICS_TOKEN = ""
    for token in ("", "Bearer ", "Bearer wrong"):
        response = client.get("/metrics", REMOTE_ADDR=STRANGER, headers={"Authorization": token})
        assert response.status_code == 403
        assert response.json()["code"] == "permission_denied"


@pytest.mark.django_db
def test_a_token_or_a_private_network_may_scrape(client: Client, settings: Settings) -> None:
    settings.METRICS_TOKEN, settings.METRICS_ALLOWED_NETWORKS = "scraper-token", []
    assert client.get("/metrics", headers={"Authorization": "Bearer scraper-token"}).status_code == 200
    assert client.get("/metrics").status_code == 403
    settings.METRICS_ALLOWED_NETWORKS = ["10.0.0.0/8"]
    assert client.get("/metrics", REMOTE_ADDR="10.1.2.3").status_code == 200


def test_a_forwarded_address_counts_only_from_our_proxy(settings: Settings) -> None:
    settings.TRUSTED_PROXIES = ["127.0.0.0/8", "10.0.0.0/8"]
    assert client_address("127.0.0.1", STRANGER) == STRANGER
    assert client_address("127.0.0.1", f"127.0.0.1, {STRANGER}, 10.0.0.9") == STRANGER
    assert client_address(STRANGER, "127.0.0.1") == STRANGER
    assert client_address("127.0.0.1", "not-an-address") == "127.0.0.1"


@pytest.mark.django_db
def test_requests_are_counted_by_route_and_not_by_path(client: Client) -> None:
    client.get("/api/v1/sellers/0198c0de-0000-7000-8000-000000000000/")
    client.get("/no/such/path/8f2e")
    text = scrape(client)
    route = "api/v1/sellers/<seller_id:seller_id>/"
    assert f'sharj_http_requests_total{{method="GET",route="{route}",status="401"}}' in text
    assert f'sharj_refusals_total{{code="not_authenticated",route="{route}"}}' in text
    assert 'route="unmatched",status="404"' in text
    assert "8f2e" not in text


@pytest.mark.django_db
def test_a_scrape_tells_the_state_of_the_books(client: Client) -> None:
    text = scrape(client)
    for line in ("sharj_database_up 1.0", "sharj_balance_drift 0.0", "sharj_credit_requests_pending 0.0"):
        assert line in text
    assert "sharj_database_connections{" in text


@pytest.mark.django_db
def test_scrapes_ask_the_database_once_in_a_while(
    client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(9):
        scrape(client)
    with django_assert_num_queries(0):
        scrape(client)


def test_without_a_database_a_scrape_still_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    from django.db import OperationalError

    def away() -> list[Metric]:
        raise OperationalError("connection refused")

    monkeypatch.setattr(metrics, "_sources", [away])
    assert b"sharj_database_up 0.0" in metrics.exposition()


def test_the_counts_of_processes_that_ended_are_kept_in_one_file(tmp_path: Path) -> None:
    script = (
        "import json, os, sys\n"
        "from apps.core.observability import metrics_files\n"
        "def work():\n"
        "    import django; django.setup()\n"
        "    from apps.core.observability import metrics\n"
        "    metrics.count_request('GET', 'r', 200, 0.003); metrics.count_entry('charge_sale', 5.0)\n"
        "for _ in range(3):\n"
        "    pid = os.fork()\n"
        "    if not pid:\n"
        "        work(); os._exit(0)\n"
        "    os.waitpid(pid, 0); metrics_files.bury(pid)\n"
        "names = sorted(os.listdir(os.environ['PROMETHEUS_MULTIPROC_DIR']))\n"
        "samples = {s.name + s.labels.get('le', ''): s.value\n"
        "           for m in metrics_files.collector().collect() for s in m.samples}\n"
        "print(json.dumps([names, samples]))\n"
    )
    environment = {**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(tmp_path)}
    environment["DJANGO_SETTINGS_MODULE"] = "config.settings.local"
    done = subprocess.run(
        [sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True, timeout=60
    )
    names, samples = json.loads(done.stdout)
    assert names == ["counter_dead.db", "histogram_dead.db", "lock"]
    assert samples["sharj_http_requests_total"] == 3
    assert samples["sharj_ledger_amount_total"] == 15
    assert samples["sharj_http_request_seconds_bucket0.005"] == 3
    assert samples["sharj_http_request_seconds_count"] == 3


@pytest.mark.django_db
def test_jobs_tell_when_they_last_succeeded_and_whether_the_last_run_failed(
    client: Client, settings: Settings, tmp_path: Path
) -> None:
    settings.METRICS_ALLOWED_NETWORKS, settings.JOB_STAMPS_DIR = ["127.0.0.0/8"], str(tmp_path)
    now = time.time()
    for name, seconds_ago in (("backup.ok", 500), ("seal.ok", 900), ("seal.failed", 60)):
        (tmp_path / name).touch()
        os.utime(tmp_path / name, (now - seconds_ago, now - seconds_ago))
    samples = dict(line.rsplit(" ", 1) for line in scrape(client).splitlines() if line.startswith("sharj_job_"))
    assert 500 <= float(samples['sharj_job_age_seconds{job="backup"}']) < 560
    assert samples['sharj_job_age_seconds{job="restore_test"}'] == "+Inf"
    failed = {name for name, value in samples.items() if name.startswith("sharj_job_failed") and float(value)}
    assert failed == {'sharj_job_failed{job="seal"}'}
