"""manage.py schedule: when its jobs are due, their stamps, and seals that each continue the one before."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from apps.core.management.commands import schedule

NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _folder(settings: Settings, tmp_path: Path) -> None:
    settings.JOB_STAMPS_DIR, settings.SEALS_DIR, settings.BUSINESS_TIME_ZONE = str(tmp_path), "", "Asia/Tehran"


def stamp(folder: Path, name: str, moment: datetime) -> None:
    (folder / name).touch()
    os.utime(folder / name, (moment.timestamp(), moment.timestamp()))


@pytest.mark.parametrize(
    ("moment", "due_at"),
    [
        (datetime(2026, 11, 26, 0, 29, tzinfo=UTC), datetime(2026, 11, 25, 0, 30, tzinfo=UTC)),
        (datetime(2026, 11, 26, 0, 30, tzinfo=UTC), datetime(2026, 11, 26, 0, 30, tzinfo=UTC)),
        (NOON, datetime(2026, 11, 26, 0, 30, tzinfo=UTC)),
    ],
)
def test_the_seal_is_due_at_four_in_the_business_time_zone(moment: datetime, due_at: datetime) -> None:
    seal = next(job for job in schedule.JOBS if job.name == "seal")
    assert seal.due_at(moment) == due_at


def test_a_job_is_due_once_and_again_some_time_after_a_failure(tmp_path: Path) -> None:
    hourly = schedule.JOBS[0]
    assert schedule.is_due(hourly, NOON)
    stamp(tmp_path, f"{hourly.name}.ok", NOON)
    assert not schedule.is_due(hourly, NOON + timedelta(minutes=29))
    assert schedule.is_due(hourly, NOON + timedelta(hours=1))
    stamp(tmp_path, f"{hourly.name}.failed", NOON + timedelta(hours=1))
    assert not schedule.is_due(hourly, NOON + timedelta(hours=1, minutes=10))
    assert schedule.is_due(hourly, NOON + timedelta(hours=1, minutes=20))


def test_every_job_has_an_age_in_the_metrics() -> None:
    from apps.core.observability.metrics import JOBS

    assert {job.name for job in schedule.JOBS} < set(JOBS)


def test_a_run_leaves_the_stamp_of_its_outcome(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    good, bad = (schedule.Job(name, (name,), timedelta(days=1)) for name in ("generate_secret_key", "no_such_command"))
    monkeypatch.setattr(schedule, "JOBS", (good, bad))
    call_command("schedule", "--once")
    assert {path.name for path in tmp_path.iterdir()} == {"generate_secret_key.ok", "no_such_command.failed"}
    stamp(tmp_path, "generate_secret_key.ok", datetime(2026, 1, 1, tzinfo=UTC))
    stamp(tmp_path, "restored", datetime.now(UTC))
    monkeypatch.setenv("SECRET_KEY", "")  # a restored ledger that cannot be verified
    call_command("schedule", "--once")
    assert (tmp_path / "restored_ledger.failed").exists()
    assert (tmp_path / "generate_secret_key.ok").stat().st_mtime > datetime(2026, 1, 2, tzinfo=UTC).timestamp()


def test_a_seal_is_made_against_the_newest_earlier_one(tmp_path: Path) -> None:
    assert "--against" not in schedule.seal_options()
    for day in ("20261124T003000Z", "20261125T003000Z"):
        (tmp_path / f"ledger-{day}.seal").touch()
    options = schedule.seal_options()
    assert options[2:] == ("--against", str(tmp_path / "ledger-20261125T003000Z.seal"))


def test_without_a_folder_for_stamps_it_says_so(settings: Settings) -> None:
    settings.JOB_STAMPS_DIR = ""
    with pytest.raises(CommandError, match="JOB_STAMPS_DIR"):
        call_command("schedule", "--once")
