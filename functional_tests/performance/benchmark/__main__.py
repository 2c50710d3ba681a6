"""`make bench`."""

import sys

from functional_tests.performance.benchmark.cli import run

if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
