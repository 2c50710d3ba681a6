"""`make fuzz`: schemathesis against the running service as a stranger and as four kinds of user.

Exits with 1 if an answer is not as `/swagger.json` says, if the server failed, or if the ledger does not agree with
itself afterwards.
"""

import argparse
import logging
import os
import secrets
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path

import httpx

from functional_tests.ledger_complaints import ledger_complaints
from functional_tests.performance.benchmark.gunicorn_server import Server, serve
from functional_tests.performance.benchmark.stage import open_stage

HERE = Path(__file__).resolve().parent
SCHEMATHESIS = Path(sys.executable).with_name("schemathesis")
ROLES = ("anonymous", "seller", "pending_seller", "admin", "support")
QUICK_SECONDS = 8
# With limits on attempts nearly all of these requests would be answered 429; the limits have tests of their own.
ENVIRONMENT = {
    "DJANGO_SETTINGS_MODULE": "config.settings.production",
    "LOGINS_PER_MINUTE": "0",
    "LOGIN_FAILURES_PER_ACCOUNT": "0",
    "REGISTRATIONS_PER_HOUR": "0",
    "ACCOUNT_CHANGES_PER_HOUR": "0",
    "ACCOUNT_CHANGES_PER_HOUR_PER_ADDRESS": "0",
    "PENDING_SELLER_ADDITIONS_PER_HOUR": "0",
    "WEBHOOK_SENDS_PER_HOUR": "0",
    "REQUIRE_SECOND_FACTOR": "false",
    "DELIVERY": "true",
}


def main() -> int:
    """Attack as each role, then check the ledger and the log."""
    arguments = _parse()
    os.environ.setdefault("LOG_LEVEL", "ERROR")
    print(f"FUZZ_SEED={arguments.seed}", flush=True)
    with open_stage(), tempfile.TemporaryDirectory(prefix="sharj-fuzz-") as scratch, ExitStack() as stack:
        logging.getLogger("sharj.security").setLevel(logging.ERROR)  # not of this process's own users
        log = Path(scratch) / "gunicorn.log"
        server = stack.enter_context(serve(log, ENVIRONMENT))
        tokens = _tokens()
        _make_unknown_deliveries(server.base_url, tokens["seller"])
        complaints = [
            f"as {role}: not as documented" for role in arguments.roles if not _attack(role, server, tokens, arguments)
        ]
        complaints += ledger_complaints()
        complaints += [line for line in log.read_text().splitlines() if '"ERROR"' in line or "Traceback" in line][:5]
    print("\n".join(complaints) or f"FUZZ_SEED={arguments.seed}: every answer was as documented")
    return 1 if complaints else 0


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m functional_tests.fuzzing", description=__doc__)
    parser.add_argument("--seconds", type=int, default=300, help="for each role; 300 when not given, at most 800")
    parser.add_argument(
        "--quick", action="store_true", help=f"{QUICK_SECONDS} s for each role, without the walk through all values"
    )
    parser.add_argument("--roles", nargs="+", choices=ROLES, default=ROLES, help="only these")
    parser.add_argument("--seed", type=int, default=secrets.randbits(32), help="repeat the choices of an earlier run")
    arguments = parser.parse_args()
    # An access token lasts 15 minutes.
    arguments.seconds = QUICK_SECONDS if arguments.quick else min(arguments.seconds, 800)
    return arguments


def _tokens() -> Mapping[str, str]:
    """Make a seller with money, a pending one, an admin and a user of support; return the access token of each."""
    from apps.accounts.roles import StaffRole
    from functional_tests.performance.benchmark.sellers import log_in, make_members, make_pending_owner, make_staff

    admin = make_staff()
    return {
        "seller": make_members(1, admin)[0].token,
        "pending_seller": log_in(make_pending_owner()),
        "admin": log_in(admin),
        "support": log_in(make_staff(StaffRole.SUPPORT)),
    }


def _make_unknown_deliveries(base_url: str, token: str) -> None:
    """Add the operator of the document's examples, and sell charges whose answers it lost: these can be resolved."""
    from apps.delivery.adapters.protocol import Answer, Outcome
    from apps.delivery.calls import claim_due
    from apps.delivery.models import Attempt, Operator
    from apps.delivery.services import record_answer

    Operator.objects.create(
        code="mci", name="MCI", carrier_names=["IR-MCI"], min_amount="0.01", max_amount="2000000.00",
        amounts=["5000000.00"], settings={"base_url": "http://127.0.0.1:9"},
    )  # fmt: skip
    items = [{"phone_number": f"+98912345678{last}", "amount": "10000.00"} for last in range(10)]
    headers = {"Authorization": f"Bearer {token}", "X-Forwarded-Proto": "https"}
    answer = httpx.post(f"{base_url}/api/v1/charges/bulk/", json={"charges": items}, headers=headers, timeout=30)
    assert answer.json()["accepted"] == len(items), answer.text
    for step in claim_due("mci", len(items)):
        record_answer(step.delivery_id, Attempt.Kind.SUBMIT, Answer(Outcome.UNKNOWN), lease=step.lease)


def _attack(role: str, server: Server, tokens: Mapping[str, str], arguments: argparse.Namespace) -> bool:
    """Let schemathesis attack as `role` for a bounded time, and tell whether it found nothing."""
    print(f"\nas {role}, for {arguments.seconds} s at most:", flush=True)
    command: list[str | Path] = [
        SCHEMATHESIS,
        "--config-file",
        HERE / "schemathesis.toml",
        "run",
        f"{server.base_url}/swagger.json",
    ]
    command += ["--seed", str(arguments.seed), "--max-time", str(arguments.seconds)]
    command += ["--warnings", "off", *(["--phases", "examples,fuzzing,stateful"] if arguments.quick else [])]
    if role in tokens:
        command += ["--header", f"Authorization: Bearer {tokens[role]}"]
    return subprocess.run(command, cwd=HERE, check=False).returncode == 0


if __name__ == "__main__":
    sys.exit(main())
