"""`make webhook-test`: faults, then the time from commit to receiver; exits with 1 if an event was lost or made up."""

import argparse
import os
import sys
import tempfile
from pathlib import Path

from apps.testing.receivers import certificate
from functional_tests.performance.benchmark.stage import open_stage

ENVIRONMENT = {"WEBHOOK_ALLOWED_NETWORKS": "127.0.0.0/8", "LOG_LEVEL": "WARNING"}


def main() -> int:
    """Run what was chosen and return the exit code."""
    arguments = _parse()
    os.environ.update(ENVIRONMENT, WEBHOOK_CA_FILE=str(certificate()))
    complaints: list[str] = []
    with tempfile.TemporaryDirectory(prefix="sharj-webhooks-") as scratch, open_stage() as postgres:
        from functional_tests.webhooks.faults import FAULTS, Place
        from functional_tests.webhooks.latency import measure

        log = Path(scratch) / "worker.log"
        for fault in FAULTS:
            if arguments.only in (None, fault.__name__):
                complaints += fault(Place(log, postgres, arguments.times))
        if arguments.only in (None, "latency"):
            measure(log, events=arguments.events, charges_per_second=arguments.charges)
        if complaints:
            print(log.read_text(errors="replace")[-3_000:])
    print("; ".join(complaints) or "every event arrived, and nothing else")
    return 1 if complaints else 0


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m functional_tests.webhooks", description=__doc__)
    parser.add_argument("--only", help="the name of one fault, or latency")
    parser.add_argument("--times", type=int, default=10, help="how often a worker or PostgreSQL is killed")
    parser.add_argument("--events", type=int, default=300, help="events whose way is measured")
    parser.add_argument("--charges", type=int, default=100, help="charges a second meanwhile")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
