"""Fixtures and helpers that tests of several apps share; production code never imports them.

api: callers of the API, and the form of every refusal. contract: promises of every endpoint. factories: sellers, users,
money. invariants: nothing changed, the ledger is consistent. races: threads and processes at once. commands: manage.py.
fixtures: the pytest plugin.
"""

import pytest

pytest.register_assert_rewrite("apps.testing.api", "apps.testing.constraints", "apps.testing.invariants")
