"""A client of OAuth 2.0 that knows nothing of ours (Authlib) gets tokens over HTTP, uses them and renews them."""

from typing import Any

import pytest
from authlib.integrations.httpx_client import OAuth2Client, OAuthError
from pytest_django.live_server_helper import LiveServer

from apps.testing.api import PHONE
from apps.testing.factories import make_seller
from apps.testing.programs import Program, make_program

METHODS = ["client_secret_basic", "client_secret_post"]
CHARGE = {"phone_number": PHONE, "amount": "1.00"}


@pytest.fixture
def program(transactional_db: None) -> Program:
    """An operator of a seller with 100.00."""
    return make_program(make_seller(balance="100.00"))


def oauth_client(server: LiveServer, program: Program, **options: Any) -> Any:
    """Return a client that logs in by itself when its token is about to end."""
    address = f"{server.url}/api/v1/"
    return OAuth2Client(
        program.client_id, program.client_secret, base_url=address, token_endpoint=f"{address}auth/token/",
        grant_type="client_credentials", trust_env=False, **options,
    )  # fmt: skip


@pytest.mark.parametrize("method", METHODS)
def test_it_gets_a_token_and_sells(live_server: LiveServer, program: Program, method: str) -> None:
    with oauth_client(live_server, program, token_endpoint_auth_method=method) as client:
        token = client.fetch_token()
        assert (token["token_type"], token["expires_in"]) == ("Bearer", 900)
        sale = client.post("charges/", json=CHARGE, headers={"Idempotency-Key": "order-1"})
    assert (sale.status_code, sale.json()["created_by"]) == (201, program.client_id)


@pytest.mark.parametrize("method", METHODS)
def test_it_renews_a_token_that_ends(live_server: LiveServer, program: Program, method: str) -> None:
    with oauth_client(live_server, program, token_endpoint_auth_method=method) as client:
        first = client.fetch_token()
        client.token = {**first, "expires_at": 1}
        assert client.get("auth/me/").json()["id"] == program.client_id
        assert client.token["expires_at"] > 1


@pytest.mark.parametrize("method", METHODS)
def test_it_understands_the_refusals(live_server: LiveServer, program: Program, method: str) -> None:
    stranger = Program(program.client_id, "sharj_wrong")
    with oauth_client(live_server, stranger, token_endpoint_auth_method=method) as client:
        with pytest.raises(OAuthError) as caught:
            client.fetch_token()
        assert caught.value.error == "invalid_client"
    with oauth_client(live_server, program, token_endpoint_auth_method=method) as client:
        for changes, error in (
            ({"grant_type": "password", "username": "x", "password": "y"}, "unsupported_grant_type"),
            ({"scope": "everything"}, "invalid_scope"),
        ):
            with pytest.raises(OAuthError) as caught:
                client.fetch_token(**changes)
            assert caught.value.error == error
