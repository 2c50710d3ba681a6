"""Tests of core, and what the tests of every app share.

api: callers of the API, and what every refusal must look like. factories: sellers, users, money. invariants: nothing
changed, the ledger is consistent. races: many at once, in threads and in processes. fixtures: the pytest plugin.
"""

import pytest

pytest.register_assert_rewrite("apps.core.tests.api", "apps.core.tests.constraints", "apps.core.tests.invariants")
