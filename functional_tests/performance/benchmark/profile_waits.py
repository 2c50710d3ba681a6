"""What the database's sessions do while a case runs: shares of samples of pg_stat_activity.

python -m functional_tests.performance.benchmark.profile_waits --case hot_seller
"""

import argparse
import sys
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from apps.core.database.embedded.server import EmbeddedPostgres
from apps.core.database.roles import open_database
from functional_tests.performance.benchmark.stage import open_stage

EVERY_SECONDS = 0.01
FEWEST_SHOWN = 0.01  # sessions, on average
# A session between two statements shows the last one; what it waits for then is the application.
SAMPLE = """
SELECT state, coalesce(wait_event_type || ':' || wait_event, 'CPU'), left(regexp_replace(query, '\\s+', ' ', 'g'), 24)
FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid() AND state <> 'idle'
"""


def main(arguments: Sequence[str]) -> None:
    """Run the case that the command line names, and print what its sessions did."""
    from_command_line = argparse.ArgumentParser(prog="profile_waits", description=__doc__.split("\n")[0])
    from_command_line.add_argument("--case", default="hot_seller", help="as in `make bench`; default %(default)s")
    from_command_line.add_argument("--seconds", type=int, default=10, help="for how long; default %(default)s")
    options = from_command_line.parse_args(arguments)
    with open_stage() as postgres:
        from functional_tests.performance.benchmark.bench import Effort, run_cases

        with _samples(postgres) as (seen, samples):
            run_cases(postgres, Effort(1, options.seconds, 100, (options.case,)), print)
    print("\nsessions  state, what it waits for, and its statement")
    for what, number in seen.most_common():
        if number / len(samples) >= FEWEST_SHOWN:
            print(f"{number / len(samples):8.2f}  {', '.join(what)}")


@contextmanager
def _samples(postgres: EmbeddedPostgres) -> Iterator[tuple[Counter[tuple[str, ...]], list[int]]]:
    """Take samples while the block runs: how often each thing was seen, and the number of sessions in each sample."""
    seen: Counter[tuple[str, ...]] = Counter()
    samples: list[int] = []
    done = threading.Event()

    def sample() -> None:
        with open_database(postgres.connection("superuser", "postgres")) as database, database.cursor() as cursor:
            while not done.wait(EVERY_SECONDS):
                cursor.execute(SAMPLE)
                if sessions := cursor.fetchall():  # nobody is there while the case is prepared
                    seen.update(sessions)
                    samples.append(len(sessions))

    thread = threading.Thread(target=sample)
    thread.start()
    try:
        yield seen, samples
    finally:
        done.set()
        thread.join()


if __name__ == "__main__":
    main(sys.argv[1:])
