"""The tours of README and guide do what they say, on a fresh server, in the order in which they stand there.

With WRITE_DOCS=1 in the environment the pages get the present output instead.
"""

import os
import re

import pytest

from apps.core.api.problems import PROBLEMS
from apps.core.database.logins import is_embedded
from functional_tests.tour import Tour, normalized

GUIDE = Tour("docs/integrate.md")
TOURS = [Tour("README.md", "Five-minute tour"), GUIDE]


@pytest.mark.skipif(not is_embedded(), reason="the tours are of the embedded PostgreSQL")
@pytest.mark.parametrize("tour", TOURS, ids=lambda tour: tour.name)
def test_a_tour_prints_what_the_page_shows(tour: Tour) -> None:
    if os.environ.get("WRITE_DOCS"):
        tour.write()
    assert len(tour.steps()) > 5
    assert [normalized(text) for text in tour.printed()] == [normalized(output) for output in tour.shown()]


def test_the_guide_names_problems_that_exist() -> None:
    named = set(re.findall(r"`\d{3} (\w+)`", GUIDE.section()))
    assert named <= PROBLEMS.keys()
    assert {"temporarily_unavailable", "outcome_unknown", "insufficient_balance"} <= named
