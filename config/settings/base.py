"""Settings that every environment shares. What differs between machines comes from the environment or `.env`.

A missing secret stops the start with one clear line (`ImproperlyConfigured`), never with a default.
"""

from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import environ

from apps.core.database_logins import database_login

from .console import UNFOLD as UNFOLD
from .console import optional_amount

BASE_DIR = Path(__file__).resolve().parent.parent.parent

env = environ.Env()
environ.Env.read_env(BASE_DIR / ".env")  # the real environment wins over the file

SECRET_KEY: str = env.str("SECRET_KEY")
DEBUG: bool = env.bool("DEBUG", default=False)
ALLOWED_HOSTS: list[str] = env.list("ALLOWED_HOSTS", default=["127.0.0.1", "localhost", "[::1]"])
CSRF_TRUSTED_ORIGINS: list[str] = env.list("CSRF_TRUSTED_ORIGINS", default=[])

INSTALLED_APPS = [
    "unfold",  # before the admin, whose templates it replaces
    "unfold.contrib.filters",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "rest_framework",
    "drf_yasg",
    "apps.core",
    "apps.accounts",
    "apps.transactions",
    "apps.credit_requests",
]

MIDDLEWARE = [
    "apps.core.middleware.RequestIdMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
ASGI_APPLICATION = "config.asgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

# --- Database -------------------------------------------------------------------------------------------------------

DATABASE_ROLE: str = env.str("DATABASE_ROLE", default="app")
DATABASE_POOL_MODE: str = env.str("DATABASE_POOL_MODE", default="session")
# Milliseconds. A request that cannot get its row lock or its answer in this time is told to come back (503).
DATABASE_TIMEOUTS = {
    "lock_timeout": env.int("DATABASE_LOCK_TIMEOUT_MS", default=2_000),
    "statement_timeout": env.int("DATABASE_STATEMENT_TIMEOUT_MS", default=5_000),
    "idle_in_transaction_session_timeout": 10_000,
    "client_connection_check_interval": 1_000,
}


def _database_options() -> dict[str, Any]:
    """Return libpq options; behind PgBouncer the timeouts are set on the role instead (`manage.py db roles`)."""
    options: dict[str, Any] = {"connect_timeout": 3, "application_name": f"sharj-{DATABASE_ROLE}"}
    if DATABASE_POOL_MODE == "session" and DATABASE_ROLE == "app":
        options["options"] = " ".join(f"-c {name}={value}" for name, value in DATABASE_TIMEOUTS.items())
    return options


DATABASES = {
    "default": {
        "ENGINE": "apps.core.postgresql",
        **database_login(DATABASE_ROLE),
        "OPTIONS": _database_options(),
        "CONN_MAX_AGE": None,
        "CONN_HEALTH_CHECKS": True,
        "DISABLE_SERVER_SIDE_CURSORS": True,
        # No lock is held while an answer is rendered: services open their own short transactions.
        "ATOMIC_REQUESTS": False,
    },
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- People, passwords, tokens --------------------------------------------------------------------------------------

AUTH_USER_MODEL = "accounts.User"
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]

SIMPLE_JWT = {
    "ACCESS_TOKEN_LIFETIME": timedelta(minutes=15),
    "REFRESH_TOKEN_LIFETIME": timedelta(days=1),
    "ALGORITHM": "HS256",
    "SIGNING_KEY": env.str("JWT_SIGNING_KEY", default=SECRET_KEY),
    "AUDIENCE": "sharj",
    "ISSUER": "sharj",
    "AUTH_HEADER_TYPES": ("Bearer",),
    "USER_ID_CLAIM": "user_id",
    "UPDATE_LAST_LOGIN": False,
}

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["apps.accounts.authentication.SessionTokenAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_PARSER_CLASSES": ["apps.core.parsers.StrictJSONParser"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PAGINATION_CLASS": "apps.core.pagination.KeysetPagination",
    "EXCEPTION_HANDLER": "apps.core.problems.exception_handler",
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
    "NON_FIELD_ERRORS_KEY": "non_field_errors",
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}

# --- Language, time, money, phones ----------------------------------------------------------------------------------

LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("fa", "فارسی")]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"
# A "day" of the daily limit is a day in this zone.
BUSINESS_TIME_ZONE: str = env.str("BUSINESS_TIME_ZONE", default="Asia/Tehran")
# Credit requests above this amount need two different approvers; empty: none does.
CREDIT_APPROVAL_SECOND_REVIEW_AMOUNT: Decimal | None = optional_amount(
    env.str("CREDIT_APPROVAL_SECOND_REVIEW_AMOUNT", default="")
)
# ISO 3166 region of phone numbers that are written without a country code.
PHONE_REGION: str = env.str("PHONE_REGION", default="IR")

# --- Files and limits -----------------------------------------------------------------------------------------------

STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedStaticFilesStorage"},
}
# Bytes. A larger body is refused with 413 before it is read.
REQUEST_BODY_LIMIT_BYTES = 1_000_000
BULK_REQUEST_BODY_LIMIT_BYTES = 5_000_000
DATA_UPLOAD_MAX_MEMORY_SIZE = REQUEST_BODY_LIMIT_BYTES

SWAGGER_USE_COMPAT_RENDERERS = False  # the format of swagger.json is called "json", as elsewhere in DRF
SWAGGER_SETTINGS = {
    "DEFAULT_INFO": "config.urls.API_INFO",
    "DEFAULT_AUTO_SCHEMA_CLASS": "apps.core.swagger.ProblemAutoSchema",
    "SECURITY_DEFINITIONS": {
        "Bearer": {
            "type": "apiKey",
            "name": "Authorization",
            "in": "header",
            "description": "Type `Bearer <access token>`.",
        }
    },
    "USE_SESSION_AUTH": False,
    "PERSIST_AUTH": True,
    "DEFAULT_MODEL_RENDERING": "example",
    "DEEP_LINKING": True,
    "VALIDATOR_URL": None,  # nothing is fetched from other hosts
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"request_id": {"()": "apps.core.request_id.RequestIdFilter"}},
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s [%(request_id)s] %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["request_id"]}},
    "root": {"handlers": ["console"], "level": "INFO"},
    "loggers": {"django.request": {"level": "ERROR"}},
}
