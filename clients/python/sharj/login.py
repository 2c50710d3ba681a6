"""Logins: programs and people, each with what gets the next access token."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from sharj.http import Answer


@dataclass(slots=True)
class Login:
    """An identity: where it logs in, with what, and its access token, empty before the first login."""

    path: str
    credentials: Mapping[str, str] = field(repr=False)
    access: str = field(default="", repr=False)

    @classmethod
    def program(cls, client_id: str, client_secret: str) -> "Login":
        """Return the login of an API client (OAuth 2.0 client credentials)."""
        names = {"client_id": client_id, "client_secret": client_secret}
        return cls("auth/token/", {"grant_type": "client_credentials", **names})

    @classmethod
    def person(cls, username: str, password: str, *, is_staff: bool = False) -> "Login":
        """Return the login of a user of a seller, or of staff without a second factor."""
        path = "auth/admin/login/" if is_staff else "auth/seller/login/"
        return cls(path, {"username": username, "password": password})

    def take(self, answer: Answer) -> None:
        """Keep the access token of an answer."""
        tokens = answer.json()
        self.access = str(tokens.get("access_token") or tokens["access"])
