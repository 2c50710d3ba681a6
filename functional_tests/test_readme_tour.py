"""The README's tour does what it says, on a fresh server, in the order in which it stands there.

With WRITE_DOCS=1 in the environment the README gets the present output instead.
"""

import os

import pytest

from apps.core.database.logins import is_embedded
from functional_tests.readme_tour import README, normalized, outputs, steps, write


@pytest.mark.skipif(not is_embedded(), reason="the tour is of the embedded PostgreSQL")
def test_the_tour_prints_what_the_readme_shows() -> None:
    if os.environ.get("WRITE_DOCS"):
        write()
    shown = steps(README.read_text(encoding="utf-8"))
    assert len(shown) > 5
    printed = outputs([commands for commands, _ in shown])
    assert [normalized(text) for text in printed] == [normalized(output) for _, output in shown]
