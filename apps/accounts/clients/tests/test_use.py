"""What ends a client's access, or keeps it out, counts on the very next request, charges included."""

import time
from collections.abc import Callable
from datetime import timedelta

import jwt
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import Settings

from apps.accounts.models import ApiClient, Seller, Session, User
from apps.testing.api import Answer, Caller, assert_problem
from apps.testing.constraints import columns_of, database_as, insert_row, not_permitted, refused_by
from apps.testing.contract.forged_tokens import payload
from apps.testing.factories import log_in, owner_of
from apps.testing.invariants import CHARGE_QUERIES, nothing_changes
from apps.testing.programs import Program, make_program

HOME, ELSEWHERE = {"X-Forwarded-For": "203.0.113.7"}, {"X-Forwarded-For": "203.0.114.7"}
NETWORKS = ("203.0.113.0/24", "2001:db8::/48")
CHARGE = {"phone_number": "+989123456789", "amount": "1.00"}


def charge(caller: Caller, where: dict[str, str]) -> Answer:
    return caller.post("charges/", CHARGE, **where)


def calls(caller: Caller, where: dict[str, str]) -> list[Answer]:
    return [
        caller.send("GET", "auth/me/", headers=where),
        caller.send("GET", "transactions/", headers=where),
        charge(caller, where),
    ]


def revoked_by_its_owner(program: Program, seller: Seller) -> None:
    answer = log_in(owner_of(seller)).call("DELETE", f"api-clients/{program.client_id}/")
    assert answer.status == 204


def deactivated_in_a_shell(program: Program, seller: Seller) -> None:
    User.objects.filter(pk=program.client_id).update(is_active=False)


@pytest.mark.parametrize("end", [revoked_by_its_owner, deactivated_in_a_shell])
def test_a_revoked_client_is_out_at_once(seller: Seller, end: Callable[[Program, Seller], None]) -> None:
    program = make_program(seller)
    caller = program.log_in()
    assert [answer.status for answer in calls(caller, {})] == [200, 200, 201]
    end(program, seller)
    with nothing_changes():
        for answer in calls(caller, {}):
            assert_problem(answer, 401, "invalid_token")
        assert program.ask().body["error"] == "invalid_client"
    if end is revoked_by_its_owner:
        assert not Session.objects.filter(user_id=program.client_id, revoked_at__isnull=True).exists()


def test_a_token_works_from_the_clients_networks_only(seller: Seller) -> None:
    caller = make_program(seller, networks=NETWORKS).log_in(**HOME)
    for where in (HOME, {"X-Forwarded-For": "2001:db8::9"}, {"X-Forwarded-For": "::ffff:203.0.113.9"}):
        assert [answer.status for answer in calls(caller, where)] == [200, 200, 201], where
    with nothing_changes():
        for address in ("203.0.114.7", "2001:db9::1", "127.0.0.1", "::1", "203.0.113.7, 203.0.114.7"):
            for answer in calls(caller, {"X-Forwarded-For": address}):
                assert_problem(answer, 403, "address_not_allowed", address=address.rpartition(" ")[2])


def test_a_token_is_given_to_the_clients_networks_only(seller: Seller) -> None:
    program = make_program(seller, networks=NETWORKS)
    with nothing_changes():
        answer = program.ask(**ELSEWHERE)
        assert (answer.status, answer.body["error"]) == (400, "unauthorized_client")
        wrong = Program(program.client_id, "sharj_wrong").ask(**ELSEWHERE)
        assert wrong.body["error"] == "invalid_client", "a stranger is not told about networks"


def test_a_strangers_claim_of_an_address_is_not_believed(seller: Seller) -> None:
    caller = make_program(seller, networks=NETWORKS).log_in(**HOME)
    answer = caller.send("GET", "auth/me/", headers={"X-Forwarded-For": "203.0.113.7, 198.51.100.4"})
    assert_problem(answer, 403, "address_not_allowed", address="198.51.100.4")


def test_forged_networks_break_the_signature(seller: Seller) -> None:
    caller = make_program(seller, networks=NETWORKS).log_in(**HOME)
    forged = jwt.encode(payload(caller.access, networks="absent"), "x" * 64, "HS256")
    assert_problem(charge(Caller(forged), ELSEWHERE), 401, "invalid_token")


@pytest.mark.parametrize("networks", [["x"], "10.0.0.0/8", 7, [None], [["10.0.0.0/8"]]], ids=repr)
def test_networks_of_the_wrong_kind_are_no_token(seller: Seller, networks: object, settings: Settings) -> None:
    caller = make_program(seller, networks=NETWORKS).log_in(**HOME)
    odd = jwt.encode(payload(caller.access, networks=networks), settings.SIMPLE_JWT["SIGNING_KEY"], "HS256")
    assert_problem(charge(Caller(odd), HOME), 401, "invalid_token")


def test_a_client_ends_at_its_end_with_its_tokens(seller: Seller, monkeypatch: pytest.MonkeyPatch) -> None:
    end = timezone.now() + timedelta(minutes=5)
    program = make_program(seller, expires_at=end)
    answer = program.ask()
    assert 290 <= answer.body["expires_in"] <= 300
    caller = Caller(answer.body["access_token"])
    assert payload(caller.access)["exp"] <= end.timestamp()
    assert Session.objects.get(user_id=program.client_id).expires_at == end, "open event streams end with it"
    assert charge(caller, {}).status == 201

    monkeypatch.setattr(time, "time", lambda: end.timestamp())
    monkeypatch.setattr(timezone, "now", lambda: end)
    with nothing_changes():
        for refused in calls(caller, {}):
            assert_problem(refused, 401, "invalid_token")
        assert program.ask().body["error"] == "invalid_client"


@pytest.mark.django_db(transaction=True)
def test_a_charge_of_a_client_with_networks_takes_no_more_queries(seller: Seller) -> None:
    caller = make_program(seller, networks=NETWORKS, expires_at=timezone.now() + timedelta(days=1)).log_in(**HOME)
    with CaptureQueriesContext(connection) as queries:
        assert charge(caller, HOME).status == 201
    assert len(queries) == CHARGE_QUERIES


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "change",
    ["allowed_networks = '{}'", "expires_at = NULL", "created_by_id = created_by_id", "user_id = user_id"],
)
def test_the_application_cannot_change_what_tokens_carry(seller: Seller, change: str) -> None:
    make_program(seller, networks=NETWORKS)
    with not_permitted(), database_as("app") as cursor:
        cursor.execute(f"UPDATE accounts_apiclient SET {change}")
    with not_permitted(), database_as("app") as cursor:
        cursor.execute("DELETE FROM accounts_apiclient")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "change",
    ["password = 'argon2$x'", "password = ''", "seller_role = 'owner'", "is_staff = TRUE"],
)
def test_postgresql_refuses_a_client_that_is_more_than_a_program(seller: Seller, change: str) -> None:
    make_program(seller)
    with refused_by("user_client_has_no_password"), database_as("app") as cursor:
        cursor.execute(f"UPDATE accounts_user SET {change} WHERE is_client")


@pytest.mark.django_db(transaction=True)
def test_postgresql_refuses_a_former_secret_without_end(seller: Seller) -> None:
    make_program(seller)
    with refused_by("api_client_former_secret_ends"), database_as("app") as cursor:
        cursor.execute("UPDATE accounts_apiclient SET former_secret_hash = 'x'")
    row = columns_of(ApiClient.objects.get()) | {"former_secret_ends_at": timezone.now()}
    with refused_by("api_client_former_secret_ends", "accounts_apiclient_pkey"), database_as("app") as cursor:
        insert_row(cursor, ApiClient, row)
