"""Signatures of Standard Webhooks: HMAC-SHA256 of id, time and body, one for each secret that is good now."""

import hmac
from base64 import b64encode
from collections.abc import Iterable
from datetime import datetime

from apps.notifications.webhooks.secrets import key_of


def signed_headers(message_id: str, moment: datetime, body: bytes, secrets: Iterable[str]) -> dict[str, str]:
    """Return the three headers of a message that is sent at `moment`."""
    timestamp = str(int(moment.timestamp()))
    signed = b".".join((message_id.encode(), timestamp.encode(), body))
    signatures = (b64encode(hmac.digest(key_of(secret), signed, "sha256")).decode() for secret in secrets)
    return {
        "webhook-id": message_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": " ".join(f"v1,{signature}" for signature in signatures),
    }
