"""The home page says since when the books are right, when that was checked, and is red when it is not so."""

import re
from datetime import timedelta
from typing import Any
from unittest.mock import patch

import pytest
from django.conf import settings
from django.core.management import call_command
from django.utils import timezone

from apps.testing.back_office import Desk, desk
from apps.transactions.models import ReconciliationRun
from apps.transactions.reconciliation.runs import MAX_AGE, books_state

pytestmark = pytest.mark.django_db


def add_run(*, hours_ago: float, is_reconciled: bool | None = True) -> ReconciliationRun:
    at = timezone.now() - timedelta(hours=hours_ago)
    with patch.object(timezone, "now", return_value=at):
        return ReconciliationRun.objects.create(
            seconds=0.1,
            sellers_checked=3,
            discrepancies=0 if is_reconciled else 1,
            trial_balance_total=0,
            chain_verified=True,
            is_reconciled=is_reconciled,
        )


def panel(reader: Desk) -> Any:
    page: Any = reader.get("index")
    [found] = [one for one in page.context["panels"] if one.title == "Are the books right?"]
    return found


def test_unchecked_books_are_an_alarm() -> None:
    found = panel(desk("auditor"))
    assert (found.is_alarm, found.empty) == (True, "The books were never checked.")


def test_right_since_is_the_first_good_check_after_the_last_bad_one() -> None:
    add_run(hours_ago=9)
    add_run(hours_ago=8, is_reconciled=False)
    since = add_run(hours_ago=7)
    add_run(hours_ago=2)
    last = add_run(hours_ago=1)
    add_run(hours_ago=0, is_reconciled=None)  # it left something open

    state = books_state()

    assert (state.right_since, state.last, state.is_late) == (since, last, False)
    assert panel(desk("auditor")).is_alarm is False


def test_wrong_books_and_late_checks_are_an_alarm() -> None:
    reader = desk("auditor")
    add_run(hours_ago=37)
    found = panel(reader)
    assert found.is_alarm
    assert "overdue" in found.note

    add_run(hours_ago=1, is_reconciled=False)
    found = panel(reader)
    assert found.is_alarm
    assert ("Right since", "–") in found.figures  # noqa: RUF001  (an empty cell)


def test_a_check_by_the_button_and_by_the_command_say_who_checked() -> None:
    admin = desk("admin")
    admin.post("transactions_reconciliationrun_run", data={})
    assert f"by {admin.user.username}" in dict(panel(admin).figures)["Last checked"]
    call_command("reconcile_balances", verbosity=0)
    assert "by a command or timer" in dict(panel(admin).figures)["Last checked"]


def test_the_page_and_the_alert_are_late_at_the_same_age() -> None:
    rules = (settings.BASE_DIR / "deploy/prometheus/alerts.yml").read_text()
    [hours] = re.findall(r"sharj_reconciliation_age_seconds\) > (\d+) \* 3600", rules)
    assert timedelta(hours=int(hours)) == MAX_AGE
