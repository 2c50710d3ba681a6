"""Owners create, read, rotate and revoke the programs of their seller."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone, translation
from pytest_django import Settings

from apps.accounts.models import ApiClient, AuditEvent, Seller, User
from apps.accounts.roles import SellerRole
from apps.testing.api import Answer, Caller, assert_invalid, assert_problem
from apps.testing.factories import log_in, make_seller, make_user, owner_of
from apps.testing.invariants import nothing_changes
from apps.testing.programs import Program, make_program
from apps.testing.races import race

NEW = {"name": "Till software", "role": "operator"}
WRONG_NETWORKS = (
    "10.0.0.1/8", "10.0.0.0/33", "300.0.0.0/8", "mehr.example", "", "0x0a.0.0.0/8", "10.0.0.0/255.0.0.255",
    "fe80::1%eth0", "10.0.0.0/8\x00", "\u06f10.0.0.0/8", 7, None, ["10.0.0.0/8"],
)  # fmt: skip


def create(owner: Caller, **members: Any) -> Answer:
    return owner.post("api-clients/", {**NEW, **members})


def test_a_new_client_is_shown_with_its_secret_once(owner: Caller, seller: Seller) -> None:
    answer = create(owner, allowed_networks=["203.0.113.7", "2001:db8::/48"], expires_at="2099-01-01T00:00:00Z")

    assert answer.status == 201
    shown = answer.body
    secret = shown.pop("client_secret")
    assert shown == {
        "client_id": shown["client_id"], "name": "Till software", "role": "operator",
        "allowed_networks": ["203.0.113.7/32", "2001:db8::/48"], "expires_at": "2099-01-01T00:00:00Z",
        "is_active": True, "created_by": str(owner_of(seller).pk), "created_at": shown["created_at"],
        "last_used_at": None, "former_secret_expires_at": None,
    }  # fmt: skip
    read = owner.get(f"api-clients/{shown['client_id']}/")
    assert read.body == shown
    assert owner.get("api-clients/").body["results"] == [shown]
    assert secret.encode() not in read.content


def test_the_list_comes_in_pages(owner: Caller) -> None:
    made = [create(owner).body["client_id"] for _ in range(5)]
    found, page = [], owner.get("api-clients/", {"page_size": 2}).body
    found += page["results"]
    while page["next"]:
        page = owner.get(page["next"]).body
        found += page["results"]
    assert [client["client_id"] for client in found] == made[::-1]
    assert owner.get("api-clients/", {"cursor": "x"}).status == 400


def test_neither_secret_nor_token_is_kept(owner: Caller) -> None:
    made = create(owner).body
    token = Program(made["client_id"], made["client_secret"]).log_in()
    rows = [list(model._default_manager.values_list()) for model in (ApiClient, User, AuditEvent)]
    for text in (made["client_secret"], made["client_secret"].removeprefix("sharj_"), token.access):
        assert text not in str(rows)


def test_secrets_have_256_bits(owner: Caller) -> None:
    found = {create(owner).body["client_secret"] for _ in range(5)}
    assert len(found) == 5
    assert {len(secret) for secret in found} == {len("sharj_") + 43}


@pytest.mark.parametrize(
    ("members", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "\u200b"}, "name"),
        ({"name": "a\u202eb"}, "name"),
        ({"name": "x" * 101}, "name"),
        ({"name": ["x"]}, "name"),
        ({"role": "owner"}, "role"),
        ({"role": "admin"}, "role"),
        ({"expires_at": "2020-01-01T00:00:00Z"}, "expires_at"),
        ({"expires_at": "9999-12-31T23:59:59-23:00"}, "expires_at"),
        ({"expires_at": "soon"}, "expires_at"),
        ({"allowed_networks": "10.0.0.0/8"}, "allowed_networks"),
        ({"allowed_networks": [f"10.0.0.{number}" for number in range(21)]}, "allowed_networks"),
        ({"client_secret": "mine"}, "client_secret"),
        ({"seller": "x"}, "seller"),
    ],
    ids=str,
)  # fmt: skip
def test_wrong_input_creates_no_client(owner: Caller, members: dict[str, Any], field: str) -> None:
    with nothing_changes():
        assert_invalid(create(owner, **members), field)


@pytest.mark.parametrize("network", WRONG_NETWORKS, ids=repr)
def test_what_is_no_network_creates_no_client(owner: Caller, network: object) -> None:
    with nothing_changes():
        answer = create(owner, allowed_networks=["10.0.0.0/8", network])
    assert_invalid(answer)
    assert answer.body["errors"][0]["field"].startswith("allowed_networks")


@pytest.mark.parametrize(
    ("given", "kept"),
    [(" 10.1.0.0/16 ", "10.1.0.0/16"), ("::ffff:10.1.0.0/112", "10.1.0.0/16"), ("2001:DB8::1", "2001:db8::1/128")],
)
def test_networks_are_kept_in_one_form(owner: Caller, given: str, kept: str) -> None:
    assert create(owner, allowed_networks=[given]).body["allowed_networks"] == [kept]


def test_a_client_is_no_person(owner: Caller, seller: Seller, anonymous: Caller) -> None:
    made = create(owner).body
    client_id = made["client_id"]
    assert client_id not in str(owner.get("sellers/me/users/").body)
    with nothing_changes():
        for method, body in (("GET", None), ("PATCH", {"password": "warm-ibis-58-cup"}), ("DELETE", None)):
            assert_problem(owner.call(method, f"sellers/me/users/{client_id}/", body), 404, "not_found")
        for password in ("", "!", made["client_secret"], User.objects.get(pk=client_id).password):
            login = {"username": client_id, "password": password}
            assert anonymous.post("auth/seller/login/", login).status in (400, 401)


def test_a_client_sets_itself_no_password(owner: Caller) -> None:
    made = create(owner).body
    client = Program(made["client_id"], made["client_secret"]).log_in()
    with nothing_changes():
        for current in (made["client_secret"], "!"):
            body = {"current_password": current, "new_password": "warm-ibis-58-cup"}
            assert client.post("auth/password/", body).codes == {("current_password", "wrong_password")}


def test_clients_are_counted_apart_from_people(owner: Caller, seller: Seller, settings: Settings) -> None:
    settings.SELLER_USERS, settings.SELLER_API_CLIENTS = 2, 2
    first, _ = create(owner).body["client_id"], create(owner)
    with nothing_changes():
        assert_problem(create(owner), 409, "client_limit_reached", limit=2)
    invitation = {"username": "till-2", "password": "warm-ibis-58-cup", "role": "viewer"}
    assert owner.post("sellers/me/users/", invitation).status == 201
    assert owner.call("DELETE", f"api-clients/{first}/").status == 204
    assert create(owner).status == 201


@pytest.mark.django_db
def test_a_pending_seller_gains_no_place_by_revoking_a_client() -> None:
    caller = log_in(owner_of(make_seller(status=Seller.Status.PENDING)))
    made = [create(caller).body["client_id"] for _ in range(3)]
    assert caller.call("DELETE", f"api-clients/{made[0]}/").status == 204
    assert_problem(create(caller), 409, "client_limit_reached", limit=3)


@pytest.mark.django_db(transaction=True)
def test_two_new_clients_at_once_cannot_both_take_the_last_place(settings: Settings) -> None:
    settings.SELLER_API_CLIENTS = 2
    caller = log_in(owner_of(make_seller()))
    statuses = race(*[lambda: create(caller).status for _ in range(6)])
    assert sorted(statuses) == [201, 201] + [409] * 4
    assert ApiClient.objects.count() == 2


def test_a_revoked_client_stays_in_sight_and_comes_back_by_no_way(owner: Caller, seller: Seller) -> None:
    client_id = create(owner).body["client_id"]
    lines = AuditEvent.objects.count()
    for _ in range(2):
        assert owner.call("DELETE", f"api-clients/{client_id}/").status == 204
    assert AuditEvent.objects.count() == lines + 1, "the second revocation changes nothing"
    assert owner.get(f"api-clients/{client_id}/").body["is_active"] is False
    with nothing_changes():
        assert_problem(owner.post(f"api-clients/{client_id}/rotate-secret/"), 409, "client_revoked")
        answer = owner.patch(f"sellers/me/users/{client_id}/", {"is_active": True})
        assert_problem(answer, 404, "not_found")


def test_one_seller_neither_sees_nor_changes_the_clients_of_another(owner: Caller) -> None:
    foreign = make_program(make_seller()).client_id
    before = list(ApiClient.objects.values_list())
    with nothing_changes():
        for method, path in (("GET", ""), ("DELETE", ""), ("POST", "rotate-secret/")):
            assert_problem(owner.call(method, f"api-clients/{foreign}/{path}"), 404, "not_found")
    assert owner.get("api-clients/").body["results"] == []
    assert list(ApiClient.objects.values_list()) == before


@pytest.mark.parametrize("role", [SellerRole.OPERATOR, SellerRole.VIEWER])
def test_only_owners_have_to_do_with_clients(seller: Seller, role: SellerRole) -> None:
    client = make_program(seller, role)
    for caller in (log_in(make_user(seller, role)), client.log_in()):
        with nothing_changes():
            assert_problem(create(caller), 403, "permission_denied")
            assert_problem(caller.get("api-clients/"), 403, "permission_denied")
            assert_problem(caller.post(f"api-clients/{client.client_id}/rotate-secret/"), 403, "permission_denied")


def test_the_trail_tells_a_client_s_life(owner: Caller, seller: Seller) -> None:
    seen = AuditEvent.objects.count()
    client_id = create(owner, allowed_networks=["10.0.0.0/8"]).body["client_id"]
    owner.post(f"api-clients/{client_id}/rotate-secret/")
    owner.call("DELETE", f"api-clients/{client_id}/")
    lines = AuditEvent.objects.order_by("pk")[seen:]
    assert [(line.action, line.actor, line.subject, line.subject_id, line.subject_name) for line in lines] == [
        (action, owner_of(seller), "accounts.apiclient", client_id, "Till software")
        for action in ("add", "rotate secret", "deactivate")
    ]
    assert lines[0].detail == "role: operator; networks: 10.0.0.0/8; expires_at: None"


def test_what_a_client_sells_names_it(seller: Seller) -> None:
    client = make_program(seller)
    assert client.log_in().charge("1.00").body["created_by"] == client.client_id
    user = User.objects.get(pk=client.client_id)
    assert str(user) == "Till software (API client)"
    with translation.override("fa"):
        assert str(user) == "Till software (برنامهٔ متصل)"


def test_last_use_is_the_last_token_and_no_request_writes_it(seller: Seller, owner: Caller) -> None:
    client = make_program(seller)
    caller = client.log_in()
    used = owner.get(f"api-clients/{client.client_id}/").body["last_used_at"]
    assert used is not None
    with nothing_changes():
        caller.get("auth/me/")
    caller.charge()
    assert owner.get(f"api-clients/{client.client_id}/").body["last_used_at"] == used


def test_an_old_secret_works_a_day_longer_and_two_rotations_end_it(owner: Caller, seller: Seller) -> None:
    client = make_program(seller)
    rotate = f"api-clients/{client.client_id}/rotate-secret/"
    answer = owner.post(rotate)
    assert answer.status == 200
    second = answer.body["client_secret"]
    until = ApiClient.objects.get().former_secret_ends_at
    assert until is not None
    assert abs(until - timezone.now() - timedelta(days=1)) < timedelta(minutes=1)
    assert answer.body["former_secret_expires_at"].startswith(until.strftime("%Y-%m-%dT%H:%M:%S"))
    for secret in (client.client_secret, second):
        assert Program(client.client_id, secret).log_in().get("auth/me/").status == 200

    ApiClient.objects.update(former_secret_ends_at=timezone.now())
    assert client.ask().status == 401
    assert Program(client.client_id, second).ask().status == 200

    third = owner.post(rotate).body["client_secret"]
    assert client.ask().status == 401
    assert Program(client.client_id, second).ask().status == 200
    assert Program(client.client_id, third).ask().status == 200
