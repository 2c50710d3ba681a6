"""Programs of sellers: API clients with their secrets."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from apps.accounts.clients.services import create_client
from apps.accounts.models import Seller
from apps.accounts.roles import SellerRole
from apps.testing.api import Answer, Caller
from apps.testing.factories import owner_of


@dataclass(frozen=True)
class Program:
    """A client's id and one of its secrets."""

    client_id: str
    client_secret: str

    def ask(self, **headers: str) -> Answer:
        """Ask for a token, in JSON."""
        body = {
            "grant_type": "client_credentials", "client_id": self.client_id, "client_secret": self.client_secret,
        }  # fmt: skip
        return Caller().post("auth/token/", body, **headers)

    def log_in(self, **headers: str) -> Caller:
        """Return the caller with a new token."""
        answer = self.ask(**headers)
        assert answer.status == 200, answer.content
        return Caller(answer.body["access_token"])


def make_program(
    seller: Seller,
    role: SellerRole = SellerRole.OPERATOR,
    *,
    networks: Sequence[str] = (),
    expires_at: datetime | None = None,
) -> Program:
    """Create a client as the seller's owner."""
    client, secret = create_client(
        seller_id=seller.pk, name="Till software", role=role, allowed_networks=networks, expires_at=expires_at,
        created_by=owner_of(seller),
    )  # fmt: skip
    return Program(str(client.pk), secret)
