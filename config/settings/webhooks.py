"""Settings of webhooks: the key of their secrets, the addresses that may be called, and how fast."""

from . import checked
from .environment import env

# Encrypts the secrets of endpoints in the database, so that a copy of the database does not hold them in the clear.
WEBHOOK_ENCRYPTION_KEY: str = env.str("WEBHOOK_ENCRYPTION_KEY", default="")
# Former keys, until `manage.py encrypt_webhook_secrets` has run.
WEBHOOK_ENCRYPTION_KEYS_FALLBACK: list[str] = env.list("WEBHOOK_ENCRYPTION_KEYS_FALLBACK", default=[])

# Networks that endpoints may be in although they are not public: of tests and of closed networks.
WEBHOOK_ALLOWED_NETWORKS: list[str] = checked.networks(
    "WEBHOOK_ALLOWED_NETWORKS", env.list("WEBHOOK_ALLOWED_NETWORKS", default=[])
)
# A file of certificates (PEM) that receivers may have beside those of public authorities.
WEBHOOK_CA_FILE: str = checked.readable_file("WEBHOOK_CA_FILE", env.str("WEBHOOK_CA_FILE", default=""))

# Seconds for one attempt: name, connection, TLS, request and answer together.
WEBHOOK_TIMEOUT_SECONDS: float = env.float("WEBHOOK_TIMEOUT_SECONDS", default=10.0)
# Requests under way to one endpoint that does not fail.
WEBHOOK_REQUESTS_PER_ENDPOINT: int = env.int("WEBHOOK_REQUESTS_PER_ENDPOINT", default=4)
# Tests and resends that one seller may ask for in an hour; 0: unlimited.
WEBHOOK_SENDS_PER_HOUR: int = env.int("WEBHOOK_SENDS_PER_HOUR", default=120)
