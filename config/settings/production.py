"""Settings of production, behind a TLS-terminating proxy; an unsafe value stops the start."""

import os

from django.core.exceptions import ImproperlyConfigured

from apps.core.observability.logs import logging_config

from .base import *  # noqa: F403  (a settings module is its base plus what differs)
from .base import (
    ALLOWED_HOSTS,
    DEBUG,
    JWT_SIGNING_KEY,
    LOG_FOLDER,
    METRICS_ALLOWED_NETWORKS,
    METRICS_TOKEN,
    OPERATOR_SIMULATOR_PORT,
    SECRET_KEY,
    TRUSTED_PROXIES,
    WEBHOOK_ALLOWED_NETWORKS,
    WEBHOOK_ENCRYPTION_KEY,
)
from .environment import env

_WELL_KNOWN = {"", "admin", "changeme", "change-me", "password", "postgres", "secret", "sharj", "test", "redis"}
_PASSWORDS = (
    "DATABASE_PASSWORD",
    "DATABASE_OWNER_PASSWORD",
    "DATABASE_ADMIN_PASSWORD",
    "DATABASE_REPLICA_PASSWORD",
    "DJANGO_SUPERUSER_PASSWORD",
)
_ALL_ADDRESSES = {"0.0.0.0/0", "::/0", "*"}


def _require(holds: bool, complaint: str) -> None:
    if not holds:
        raise ImproperlyConfigured(complaint)


def _is_weak(key: str, *, length: int = 50) -> bool:
    return len(key) < length or len(set(key)) < 5 or key.startswith("django-insecure-")


_require(not DEBUG, "DEBUG must be off in production.")
_require(not _is_weak(SECRET_KEY), "SECRET_KEY is weak: use `manage.py generate_secret_key`.")
_require(not _is_weak(JWT_SIGNING_KEY), "JWT_SIGNING_KEY is weak: use `manage.py generate_secret_key`.")
_require(
    not _is_weak(WEBHOOK_ENCRYPTION_KEY, length=32) and WEBHOOK_ENCRYPTION_KEY != SECRET_KEY,
    "WEBHOOK_ENCRYPTION_KEY is missing, weak or the SECRET_KEY: use `manage.py generate_secret_key`.",
)
_require(
    bool(env.list("ALLOWED_HOSTS", default=[])) and "*" not in ALLOWED_HOSTS,
    "ALLOWED_HOSTS must name the hosts that are served, without '*'.",
)
for _name in _PASSWORDS:
    _value = os.environ.get(_name)
    _user = env.str(_name.replace("_PASSWORD", "_USER"), default="")
    # Some servers know their clients by other means; a password that is given must not be a guessable one.
    _require(
        _value is None or _value.lower() not in {*_WELL_KNOWN, _user}, f"{_name} is a default password: change it."
    )
_require(not _ALL_ADDRESSES.intersection(TRUSTED_PROXIES), "TRUSTED_PROXIES must name our proxies, not all addresses.")
_require(
    bool(METRICS_TOKEN) or not _ALL_ADDRESSES.intersection(METRICS_ALLOWED_NETWORKS),
    "METRICS_ALLOWED_NETWORKS must not be all addresses: name the scrapers, or set METRICS_TOKEN.",
)
_require(
    not _ALL_ADDRESSES.intersection(WEBHOOK_ALLOWED_NETWORKS),
    "WEBHOOK_ALLOWED_NETWORKS must name the networks of receivers, not all addresses.",
)
_require(not OPERATOR_SIMULATOR_PORT, "OPERATOR_SIMULATOR_PORT would sell charges to an operator that delivers none.")

# gunicorn tells the scheme: from X-Forwarded-Proto, if the request came from one of TRUSTED_PROXIES.
SECURE_SSL_REDIRECT = env.bool("SECURE_SSL_REDIRECT", default=True)
SECURE_REDIRECT_EXEMPT = [r"^api/v1/health/", r"^metrics$"]
SECURE_HSTS_SECONDS = env.int("SECURE_HSTS_SECONDS", default=31_536_000)
SECURE_HSTS_INCLUDE_SUBDOMAINS = True
SECURE_HSTS_PRELOAD = True
SESSION_COOKIE_SECURE = True
SESSION_COOKIE_NAME = "__Host-session"  # a browser takes such a name only over HTTPS and only for this very host
CSRF_COOKIE_SECURE = True
CSRF_COOKIE_NAME = "__Host-csrf"
CSRF_COOKIE_HTTPONLY = True

REQUIRE_SECOND_FACTOR = env.bool("REQUIRE_SECOND_FACTOR", default=True)

# Lower than on a developer's machine, where all tests come from one address.
LOGINS_PER_MINUTE = env.int("LOGINS_PER_MINUTE", default=300)
REGISTRATIONS_PER_HOUR = env.int("REGISTRATIONS_PER_HOUR", default=200)

LOGGING = logging_config(
    level=env.str("LOG_LEVEL", default="INFO"),
    style=env.str("LOG_FORMAT", default="json"),
    stream=env.str("LOG_STREAM", default="stderr"),
    folder=LOG_FOLDER,
)
