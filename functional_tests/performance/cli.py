"""Command line of the load script: run the load, print the result and judge it."""

from __future__ import annotations

import json
import secrets
import sys
from collections.abc import Sequence
from contextlib import closing
from typing import TextIO

from sharj import OutcomeUnknown, Sharj, SharjError, Unavailable
from sharj.http import ConnectionLost

from functional_tests.performance.accounting import Statement, audit, read_books
from functional_tests.performance.errors import CannotStart, ServerSilent
from functional_tests.performance.fleet import run_fleet
from functional_tests.performance.onboarding import Onboarding, Seller
from functional_tests.performance.options import Options, parse_options
from functional_tests.performance.plan import SalesPlan, money_needed, share_out
from functional_tests.performance.progress import Progress
from functional_tests.performance.report import check_writable, write_report
from functional_tests.performance.results import Outcome, as_document, as_text
from functional_tests.performance.settings import check_base_url, read_defaults
from functional_tests.performance.transport import Pulse, Transport
from functional_tests.performance.worker import Assignment, Journal, SaleRecord

EXIT_OK = 0
EXIT_FAILED = 1
EXIT_NO_SERVER = 2
EXIT_INTERRUPTED = 130
# More set-up requests at once than this would only queue on a small machine.
MAX_PARALLEL_SETUP = 16


def run(arguments: Sequence[str]) -> int:
    """Run the load script with command line ``arguments`` and return the exit code.

    0: all agrees. 1: a difference or an unexpected answer. 2: it could not start, or the server
    stopped answering. 130: interrupted.
    """
    options = parse_options(arguments, read_defaults())
    human = sys.stderr if options.json else sys.stdout
    try:
        return _conclude(options, LoadRun(options, human).execute(), human)
    except (CannotStart, OutcomeUnknown, ServerSilent, Unavailable) as error:
        return _give_up(options, str(error), EXIT_NO_SERVER)
    except SharjError as error:
        return _give_up(options, str(error), EXIT_FAILED)
    except KeyboardInterrupt:
        return _give_up(options, "interrupted; the sales made so far stand", EXIT_INTERRUPTED)


class LoadRun:
    """One run from the admin's login to the audit; tells its progress on ``human``."""

    def __init__(self, options: Options, human: TextIO) -> None:
        self._options = options
        self._load = load = options.load
        self._human = human
        self._pulse = Pulse()
        # The seed fixes what is sold; names and keys must be new in every run.
        self._run_id = secrets.token_hex(4)
        self._plan = SalesPlan(self._run_id, load.seed, load.sellers, load.num_requests, load.replay_fraction)

    def execute(self) -> Outcome:
        """Run everything; raise CannotStart or another SharjError."""
        load = self._load
        if self._options.report:
            check_writable(self._options.report)
        self._log_in_admin()
        self._say(
            f"run {self._run_id}, seed {load.seed}: {load.num_requests:,} sales by {load.sellers} sellers "
            f"through {load.workers} {load.executor} workers on {load.base_url}"
        )
        sellers = self._prepare_sellers()
        journals = self._sell(sellers)
        sales = tuple(record for journal in journals for record in journal.records)
        problems = tuple(problem for journal in journals for problem in journal.problems)
        return Outcome(self._run_id, load, sales, problems, tuple(self._audit(sellers, sales)))

    def _log_in_admin(self) -> None:
        """Log the admin in; raise CannotStart with a plain reason."""
        base_url, admin = self._load.base_url, self._options.admin
        check_base_url(base_url, allow_remote=self._options.allow_remote)
        if not admin.access and not all(admin.credentials.values()):
            raise CannotStart("no admin login: give --admin-username and --admin-password, or put them into .env")
        with Transport(base_url, self._pulse) as transport:
            try:
                transport.connect()
            except ConnectionLost as error:
                raise CannotStart(f"no server at {base_url} ({error}); start it with 'make run'") from error
            if admin.access:
                return
            try:
                Sharj(transport, admin).log_in()
            except SharjError as error:
                raise CannotStart(f"the admin login as {admin.credentials['username']!r} failed: {error}") from error

    def _prepare_sellers(self) -> list[Seller]:
        load = self._load
        self._say(f"preparing {load.sellers} sellers with {load.credit_requests} credit requests each")
        parallel = min(MAX_PARALLEL_SETUP, load.workers)
        onboarding = Onboarding(load.base_url, self._run_id, self._options.admin, parallel, self._pulse)
        return onboarding.prepare_sellers(money_needed(self._plan), load.credit_requests)

    def _sell(self, sellers: Sequence[Seller]) -> list[Journal]:
        load = self._load
        assignments = [
            Assignment(
                base_url=load.base_url,
                plan=self._plan,
                seller_ids=tuple(seller.id for seller in sellers),
                logins=tuple(seller.login for seller in sellers),
                first=first,
                last=last,
            )
            for first, last in share_out(load.num_requests, load.workers)
        ]
        with closing(Progress(load.num_requests, self._human)) as progress:
            return run_fleet(load.executor, assignments, progress.update, self._pulse)

    def _audit(self, sellers: Sequence[Seller], sales: Sequence[SaleRecord]) -> list[Statement]:
        self._say("reading balances, ledgers and reconciliations")
        with Transport(self._load.base_url, self._pulse) as transport:
            client = Sharj(transport, self._options.admin)
            return [
                audit(seller, [sale for sale in sales if sale.seller_index == index], read_books(client, seller.id))
                for index, seller in enumerate(sellers)
            ]

    def _say(self, text: str) -> None:
        print(text, file=self._human, flush=True)


def _conclude(options: Options, outcome: Outcome, human: TextIO) -> int:
    """Print the result, write the report, and return the exit code."""
    print(as_text(outcome), file=human)
    if options.report:
        print(f"report: {write_report(outcome, options.report)}", file=human)
    if options.json:
        print(json.dumps(as_document(outcome), indent=2, default=str))
    human.flush()
    if outcome.reason is None:
        return EXIT_OK
    print(f"FAILED: {outcome.reason}", file=sys.stderr)
    return EXIT_FAILED


def _give_up(options: Options, reason: str, code: int) -> int:
    """Say in one line why there is no result, and return ``code``."""
    if options.json:
        print(json.dumps({"ok": False, "reason": reason}))
    print(f"FAILED: {reason}", file=sys.stderr)
    return code
