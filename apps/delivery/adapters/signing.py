"""Signatures of requests and of callbacks: HMAC-SHA256 over the time, what is asked, and the body."""

import hashlib
import hmac
import time

TOLERANCE_SECONDS = 300
TIME_HEADER = "X-Sharj-Time"
SIGNATURE_HEADER = "X-Sharj-Signature"


def sign(secret: str, subject: str, body: bytes, moment: str) -> str:
    """Return the signature, in hex, of a body that concerns `subject` (`POST /path`, or `callback`)."""
    signed = b".".join((moment.encode(), subject.encode(), body))
    return hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()


def signature_headers(secret: str, subject: str, body: bytes) -> dict[str, str]:
    """Return the two headers that sign a message now."""
    moment = str(int(time.time()))
    return {TIME_HEADER: moment, SIGNATURE_HEADER: sign(secret, subject, body, moment)}


def is_signed(secret: str, subject: str, body: bytes, *, moment: str, signature: str) -> bool:
    """Tell whether a message was signed with this secret within the last five minutes."""
    if not (secret and moment.isascii() and moment.isdigit() and len(moment) < 12 and signature.isascii()):
        return False
    if abs(time.time() - int(moment)) > TOLERANCE_SECONDS:
        return False
    return hmac.compare_digest(sign(secret, subject, body, moment), signature)
