"""Fixtures and helpers that tests of several apps share; production code never imports them.

api: callers of the API, and what every refusal must look like. factories: sellers, users, money. invariants: nothing
changed, the ledger is consistent. races: many at once, in threads and in processes. fixtures: the pytest plugin.
"""

import pytest

pytest.register_assert_rewrite("apps.testing.api", "apps.testing.constraints", "apps.testing.invariants")
