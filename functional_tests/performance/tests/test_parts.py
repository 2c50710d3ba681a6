"""The parts of the script on their own."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from pathlib import Path

import pytest

from functional_tests.performance.errors import CannotStart
from functional_tests.performance.onboarding import credit_amount
from functional_tests.performance.options import LoadOptions, parse_options
from functional_tests.performance.plan import SalesPlan, money_needed, plan_sales, share_out
from functional_tests.performance.progress import Progress
from functional_tests.performance.report import render_report
from functional_tests.performance.results import Outcome, percentile
from functional_tests.performance.settings import check_base_url, read_defaults

PLAN = SalesPlan("run", seed=1, seller_count=3, sale_count=200, replay_fraction=0.1)
LOAD = LoadOptions("http://127.0.0.1:8000", 1, 1, 1, "thread", 1, 1, 0.0)


def test_a_seed_repeats_amounts_and_numbers_under_new_keys() -> None:
    sales = list(plan_sales(PLAN, 0, 200))
    again = list(plan_sales(replace(PLAN, run_id="other"), 0, 200))
    assert [(sale.amount, sale.phone_number) for sale in sales] == [(sale.amount, sale.phone_number) for sale in again]
    assert not {sale.key for sale in sales} & {sale.key for sale in again}
    assert len({sale.key for sale in sales}) == 200


def test_phone_numbers_come_in_both_forms() -> None:
    sales = list(plan_sales(PLAN, 0, 200))
    assert all(re.fullmatch(r"(0|\+98)912\d{7}", sale.phone_number) for sale in sales)
    assert {sale.phone_number[0] for sale in sales} == {"0", "+"}


def test_credit_covers_what_the_sales_need() -> None:
    for need in money_needed(PLAN):
        assert sum(credit_amount(need, 7, number) for number in range(7)) > need


@pytest.mark.parametrize(("count", "workers"), [(1000, 8), (5, 8), (1, 1), (7, 3)])
def test_every_sale_is_shared_out_once(count: int, workers: int) -> None:
    shares = share_out(count, workers)
    assert [number for first, last in shares for number in range(first, last)] == list(range(count))
    assert all(first < last for first, last in shares)


def test_percentiles_are_of_nearest_rank() -> None:
    values = [float(value) for value in range(1, 101)]
    assert [percentile(values, rank) for rank in (50, 95, 99, 100)] == [50, 95, 99, 100]
    assert percentile([3.0], 50) == 3.0


def test_a_report_of_nothing_sold_still_renders_and_escapes() -> None:
    page = render_report(Outcome("run", LOAD, (), ("a <b> problem",), ()))
    assert "a &lt;b&gt; problem" in page
    assert "http" not in page.replace(LOAD.base_url, "")


@pytest.mark.parametrize("url", ["http://127.0.0.1:8000", "http://localhost", "http://[::1]:80", "https://127.9.9.9"])
def test_loopback_is_allowed(url: str) -> None:
    check_base_url(url, allow_remote=False)


@pytest.mark.parametrize(
    "url", ["http://192.0.2.7", "http://0.0.0.0:8000", "ftp://127.0.0.1", "127.0.0.1:8000", "x", ""]
)
def test_any_other_address_is_refused(url: str) -> None:
    with pytest.raises(CannotStart):
        check_base_url(url, allow_remote=False)


def test_a_remote_server_needs_the_option() -> None:
    check_base_url("http://192.0.2.7", allow_remote=True)


def test_the_environment_overrules_the_env_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    env_file = tmp_path / ".env"
    env_file.write_text("# x=1\nPORT='9000'\nexport DJANGO_SUPERUSER_PASSWORD=a=b#c\nDJANGO_SUPERUSER_USERNAME=file\n")
    monkeypatch.delenv("PORT", raising=False)
    monkeypatch.delenv("DJANGO_SUPERUSER_PASSWORD", raising=False)
    monkeypatch.setenv("DJANGO_SUPERUSER_USERNAME", "environment")
    options = parse_options([], read_defaults(env_file))
    assert options.load.base_url == "http://127.0.0.1:9000"
    assert (options.admin.username, options.admin.password) == ("environment", "a=b#c")
    assert "a=b#c" not in repr(options)


@pytest.mark.parametrize("wrong", [["--workers", "0"], ["--replay-fraction", "2"], ["--num-requests", "many"]])
def test_a_wrong_option_is_a_usage_error(wrong: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        parse_options(wrong, {})
    assert wrong[0] in capsys.readouterr().err


def test_a_terminal_gets_a_bar_and_a_file_gets_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    plain, terminal = io.StringIO(), io.StringIO()
    monkeypatch.setattr(terminal, "isatty", lambda: True)
    for stream in (plain, terminal):
        progress = Progress(10, stream)
        progress.update(5)
        progress.update(10)
        progress.close()
    assert re.fullmatch(r"10/10 sales  [\d,]+/s\n", plain.getvalue())
    assert "\r[" + "█" * 15 + "·" * 15 + "] 5/10 sales" in terminal.getvalue()
