"""Queries of every page: as many for many rows as for a few, and no count of what grows for ever."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.accounts.models import AuditEvent, Session
from apps.testing.back_office import CONTRACT, Desk, desk, one_of_each

pytestmark = pytest.mark.django_db

# A seller's page has a timeline of six sources.
MOST = {("accounts.seller", "change"): 21}
NEVER_COUNTED = ("transactions_ledgerentry", "accounts_auditevent", "accounts_session")


def statements(admin: Desk, page: str, *args: Any) -> list[str]:
    with CaptureQueriesContext(connection) as queries:
        answer = admin.get(page, *args)
    assert answer.status_code == 200
    return [query["sql"] for query in queries]


@pytest.mark.parametrize("page", ["changelist", "change"])
@pytest.mark.parametrize("model", CONTRACT)
def test_more_rows_take_no_more_queries(model: str, page: str) -> None:
    first, admin = one_of_each()[model], desk(superuser=True)
    name = f"{model.replace('.', '_')}_{page}"
    args = () if page == "changelist" else (first.pk,)
    statements(admin, name, *args)  # fills the caches
    few = statements(admin, name, *args)
    for _ in range(4):
        one_of_each()
    assert AuditEvent.objects.count() > 10
    assert Session.objects.count() > 4
    many = statements(admin, name, *args)
    assert len(many) == len(few), [*few, "---", *many]
    assert len(many) <= MOST.get((model, page), 14)


@pytest.mark.parametrize("model", ["transactions.ledgerentry", "accounts.auditevent", "accounts.session"])
def test_what_grows_without_end_is_never_counted(model: str) -> None:
    one_of_each()
    found = statements(desk(superuser=True), f"{model.replace('.', '_')}_changelist")
    counting = [
        statement for statement in found if "COUNT(" in statement and any(t in statement for t in NEVER_COUNTED)
    ]
    assert counting == []
    assert not [statement for statement in found if "DISTINCT" in statement]
