"""Requests and answers about API clients and their tokens."""

from datetime import datetime
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Any

from django.utils.translation import gettext
from rest_framework import serializers

from apps.accounts.models import ApiClient
from apps.accounts.names import refuse_hidden
from apps.accounts.users.serializers import INVITED_ROLES
from apps.core.api.fields import TextField
from apps.core.apidocs.examples import CLIENT_ID, OWNER_ID, REGISTERED_AT, SOLD_AT

MOST_NETWORKS = 20
SECRET_EXAMPLE = "sharj_pD3k…"  # noqa: S105  (not one)


class NetworkField(serializers.CharField):
    """A network in CIDR notation, or one address; written as a network."""

    def to_internal_value(self, data: object) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        try:
            return str(_unmapped(ip_network(data.strip())))
        except ValueError as error:
            text = gettext("Write a network such as 203.0.113.0/24 or 2001:db8::/48, or an address.")
            raise serializers.ValidationError(text, code="invalid_network") from error


def _unmapped(network: IPv4Network | IPv6Network) -> IPv4Network | IPv6Network:
    """Return a network of IPv4 addresses that is written in IPv6 (`::ffff:…/120`) as one of IPv4.

    Raises:
        ValueError: an address with a zone (`%eth0`), which means nothing to another host.
    """
    if isinstance(network, IPv4Network):
        return network
    if network.network_address.scope_id:
        raise ValueError("a zone")
    mapped = network.network_address.ipv4_mapped
    return IPv4Network((mapped, network.prefixlen - 96)) if mapped and network.prefixlen >= 96 else network


class ApiClientCreationSerializer(serializers.Serializer[Any]):
    """A new program of the seller: operators sell and read, viewers read."""

    name = TextField(max_length=100, validators=[refuse_hidden])
    role = serializers.ChoiceField(choices=INVITED_ROLES)
    allowed_networks = serializers.ListField(
        child=NetworkField(max_length=43), max_length=MOST_NETWORKS, required=False,
        help_text="Networks in CIDR notation, or addresses, from which the client may be used; none: from anywhere.",
    )  # fmt: skip
    expires_at = serializers.DateTimeField(required=False, allow_null=True, default=None)

    class Meta:
        swagger_schema_fields = {
            "example": {"name": "Till software", "role": "operator", "allowed_networks": ["127.0.0.0/8", "::1/128"]}
        }


_EXAMPLE = {
    "client_id": CLIENT_ID,
    "name": "Till software",
    "role": "operator",
    "allowed_networks": ["127.0.0.0/8", "::1/128"],
    "expires_at": None,
    "is_active": True,
    "created_by": OWNER_ID,
    "created_at": REGISTERED_AT,
    "last_used_at": SOLD_AT,
    "former_secret_expires_at": None,
}


class ApiClientSerializer(serializers.ModelSerializer[ApiClient]):
    """A program of the seller; `created_by` of what it does is its `client_id`."""

    client_id = serializers.UUIDField(source="pk")
    name = serializers.CharField(source="user.first_name")
    role = serializers.ChoiceField(choices=INVITED_ROLES, source="user.seller_role")
    allowed_networks = serializers.ListField(child=serializers.CharField())
    is_active = serializers.BooleanField(source="user.is_active", help_text="False: revoked, for good.")
    created_by = serializers.UUIDField(source="created_by_id")
    last_used_at = serializers.DateTimeField(
        source="user.last_login", allow_null=True, help_text="When it last got a token, which works 15 minutes."
    )
    former_secret_expires_at = serializers.SerializerMethodField(
        help_text="Until when the secret before the present one works, after a rotation."
    )

    class Meta:
        model = ApiClient
        fields = tuple(_EXAMPLE)
        swagger_schema_fields = {"example": _EXAMPLE}

    def get_former_secret_expires_at(self, client: ApiClient) -> datetime | None:
        return client.former_secret_ends_at


class ApiClientSecretSerializer(ApiClientSerializer):
    """A client with its new secret, which is shown this once."""

    client_secret = serializers.CharField()

    class Meta(ApiClientSerializer.Meta):
        fields = ("client_id", "client_secret", *ApiClientSerializer.Meta.fields[1:])
        swagger_schema_fields = {"example": {**_EXAMPLE, "client_secret": SECRET_EXAMPLE, "last_used_at": None}}


class TokenRequestSerializer(serializers.Serializer[Any]):
    """A request of RFC 6749, section 4.4, in a form or in JSON; the client's id and secret may be in HTTP Basic."""

    grant_type = serializers.ChoiceField(choices=["client_credentials"])
    client_id = serializers.CharField(required=False)
    client_secret = serializers.CharField(required=False)

    class Meta:
        # RFC 6749, section 3.2: other parameters are ignored.
        swagger_schema_fields = {
            "additionalProperties": True,
            "example": {"grant_type": "client_credentials", "client_id": CLIENT_ID, "client_secret": SECRET_EXAMPLE},
        }


class ClientTokenSerializer(serializers.Serializer[Any]):
    """An access token, without a refresh token: the client asks for the next one as for this one."""

    access_token = serializers.CharField()
    token_type = serializers.CharField()
    expires_in = serializers.IntegerField(help_text="Seconds: 900, or less near the end of the client.")

    class Meta:
        swagger_schema_fields = {
            "example": {
                "access_token": "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.…",
                "token_type": "Bearer",
                "expires_in": 900,
            }
        }


class OAuthErrorSerializer(serializers.Serializer[Any]):
    """A refusal as RFC 6749, section 5.2, has it."""

    error = serializers.ChoiceField(
        choices=[
            "invalid_request", "invalid_client", "unauthorized_client", "unsupported_grant_type", "invalid_scope",
            "temporarily_unavailable",
        ]
    )  # fmt: skip
    error_description = serializers.CharField()

    class Meta:
        swagger_schema_fields = {
            "example": {"error": "invalid_request", "error_description": "The parameter grant_type is missing."}
        }
