"""Requests and answers about logins."""

from typing import Any

from rest_framework import serializers


class CredentialsSerializer(serializers.Serializer[Any]):
    """A login."""

    username = serializers.CharField(max_length=150)
    password = serializers.CharField(max_length=128, trim_whitespace=False)

    class Meta:
        swagger_schema_fields = {"example": {"username": "mehr", "password": "pale-otter-91-lamp"}}


class StaffCredentialsSerializer(CredentialsSerializer):
    """A login of staff, with the code of the second factor if the user has one."""

    otp = serializers.CharField(max_length=16, required=False)

    class Meta:
        swagger_schema_fields = {"example": {"username": "mina", "password": "tall-heron-37-desk", "otp": "492039"}}


class RefreshSerializer(serializers.Serializer[Any]):
    """The refresh token of a session."""

    refresh = serializers.CharField(max_length=2_000)

    class Meta:
        swagger_schema_fields = {"example": {"refresh": "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.…"}}


class TokenPairSerializer(serializers.Serializer[Any]):
    """An access token (15 minutes) and the refresh token that gets the next one (1 day, single use)."""

    access = serializers.CharField()
    refresh = serializers.CharField()
    token_type = serializers.CharField()
    expires_in = serializers.IntegerField(help_text="Seconds until the access token ends.")
    refresh_expires_in = serializers.IntegerField(
        help_text="Seconds until the refresh token ends: a day, or less near the end of the session."
    )

    class Meta:
        swagger_schema_fields = {
            "example": {
                "access": "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.…",
                "refresh": "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.…",
                "token_type": "Bearer",
                "expires_in": 900,
                "refresh_expires_in": 86400,
            }
        }
