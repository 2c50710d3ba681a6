"""Secrets of endpoints: made, and encrypted before they reach the database.

The key is in the settings, so neither a dump of the database nor an injection of SQL shows a secret.
"""

import secrets
from base64 import b64decode, b64encode, urlsafe_b64encode
from functools import lru_cache

from cryptography.fernet import Fernet, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

PREFIX = "whsec_"
_BYTES = 32


def new_secret() -> str:
    """Return a new secret in the form of Standard Webhooks."""
    return PREFIX + b64encode(secrets.token_bytes(_BYTES)).decode()


def key_of(secret: str) -> bytes:
    """Return the key that signs, from the form in which its owner knows it."""
    return b64decode(secret.removeprefix(PREFIX))


def encrypt(secret: str) -> str:
    """Return `secret` as the database keeps it, by the present key."""
    return _cipher().encrypt(secret.encode()).decode()


def decrypt(token: str) -> str:
    """Return the secret in `token`, by the present key or a former one.

    Raises:
        cryptography.fernet.InvalidToken: none of the keys encrypted it.
    """
    return _cipher().decrypt(token.encode()).decode()


def encrypt_again(token: str) -> str:
    """Return the same secret, encrypted by the present key."""
    return _cipher().rotate(token.encode()).decode()


def _cipher() -> MultiFernet:
    return _cipher_of((settings.WEBHOOK_ENCRYPTION_KEY, *settings.WEBHOOK_ENCRYPTION_KEYS_FALLBACK))


@lru_cache(maxsize=4)
def _cipher_of(keys: tuple[str, ...]) -> MultiFernet:
    """Return the cipher of these keys, the present one first. A key may have any form: HKDF makes Fernet's of it."""
    return MultiFernet(
        [
            Fernet(urlsafe_b64encode(HKDF(SHA256(), 32, salt=None, info=b"sharj webhook secrets").derive(key.encode())))
            for key in keys
        ]
    )
