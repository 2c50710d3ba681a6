"""Requests and answers about the second factor."""

from typing import Any

from rest_framework import serializers


class StepUpSerializer(serializers.Serializer[Any]):
    """A code of the authenticator app, or a recovery code."""

    otp = serializers.CharField(max_length=16)

    class Meta:
        swagger_schema_fields = {"example": {"otp": "492039"}}


class SteppedUpSerializer(serializers.Serializer[Any]):
    """The seconds for which this session may approve, reverse and resolve."""

    expires_in = serializers.IntegerField()

    class Meta:
        swagger_schema_fields = {"example": {"expires_in": 600}}
