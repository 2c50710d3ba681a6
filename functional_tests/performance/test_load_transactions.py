#!/usr/bin/env python3
"""Load a running Sharj server with sales and check every balance afterwards.

    python3 functional_tests/performance/test_load_transactions.py --help

Collected by pytest this module holds no tests; those of its parts are in ``tests/``.
"""

from __future__ import annotations

import sys
from pathlib import Path

REPOSITORY_ROOT = Path(__file__).resolve().parents[2]


def main() -> int:
    """Run the load script and return its exit code."""
    # Python put this file's folder on the path; the package is found from the root.
    sys.path.insert(0, str(REPOSITORY_ROOT))
    from functional_tests.performance.cli import run

    return run(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
