"""Settings that every environment shares; the environment and `.env` add what differs between machines.

A missing secret stops the start with one clear line (`ImproperlyConfigured`), never with a default.
"""

from datetime import timedelta
from decimal import Decimal

from redis.backoff import NoBackoff
from redis.retry import Retry

from apps.core.observability.logs import logging_config, open_log_folder

from . import checked
from .console import UNFOLD as UNFOLD
from .databases import REPLICA_MODELS as REPLICA_MODELS
from .databases import configure_databases
from .delivery import *  # noqa: F403  (as `limits`)
from .environment import BASE_DIR, env
from .limits import *  # noqa: F403  (settings like those below, a module of their own for their number)
from .webhooks import *  # noqa: F403  (as `limits`)

SECRET_KEY: str = env.str("SECRET_KEY")
DEBUG: bool = env.bool("DEBUG", default=False)
ALLOWED_HOSTS: list[str] = env.list("ALLOWED_HOSTS", default=["127.0.0.1", "localhost", "[::1]"])
CSRF_TRUSTED_ORIGINS: list[str] = env.list("CSRF_TRUSTED_ORIGINS", default=[])

INSTALLED_APPS = [
    "procrastinate.contrib.django",  # before the apps that register jobs, and the console that takes its pages away
    "apps.console",  # before the theme, some of whose templates it replaces
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
    "apps.core",  # before drf-yasg, whose pages it replaces
    "drf_yasg",
    "django_otp",
    "django_otp.plugins.otp_totp",
    "django_otp.plugins.otp_static",
    "apps.outbox",
    "apps.accounts",
    "apps.transactions",
    "apps.credit_requests",
    "apps.delivery",
    "apps.notifications",
]

MIDDLEWARE = [
    "apps.core.api.middleware.ServiceMiddleware",  # the API goes past those below
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "apps.core.api.trailing_slash.TrailingSlashMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "apps.console.framework.bad_input.BadInputMiddleware",  # before pages and other middleware read the session
    "apps.console.framework.second_factor.SecondFactorMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "apps.core.api.middleware.innermost",
]

ROOT_URLCONF = "config.urls"
CSRF_FAILURE_VIEW = "apps.console.pages.errors.csrf_failure"
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
DATABASES = configure_databases(env, DATABASE_ROLE)
if "replica" in DATABASES:
    DATABASE_ROUTERS = ["apps.core.database.replica.ReplicaRouter"]
# Seconds that a read waits for the standby to catch up with the primary; then the primary answers it.
DATABASE_REPLICA_MAX_LAG_SECONDS: float = env.float("DATABASE_REPLICA_MAX_LAG_SECONDS", default=1.0)
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- Users, passwords, tokens ---------------------------------------------------------------------------------------

AUTH_USER_MODEL = "accounts.User"
SESSION_ENGINE = "apps.accounts.sessions.back_office"
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

# Staff who approve log in with a second factor, and repeat it before money moves.
REQUIRE_SECOND_FACTOR: bool = env.bool("REQUIRE_SECOND_FACTOR", default=False)
OTP_TOTP_ISSUER = "Sharj"

JWT_SIGNING_KEY: str = env.str("JWT_SIGNING_KEY", default="") or SECRET_KEY
# Former keys: tokens signed by them stay good until they expire.
SECRET_KEY_FALLBACKS: list[str] = env.list("SECRET_KEY_FALLBACKS", default=[])
JWT_VERIFYING_KEYS_FALLBACK: list[str] = env.list("JWT_VERIFYING_KEYS_FALLBACK", default=[]) + SECRET_KEY_FALLBACKS

# A login ends after so many days, however often its tokens are refreshed.
SESSION_MAX_DAYS: int = env.int("SESSION_MAX_DAYS", default=30)

SIMPLE_JWT = {
    "ACCESS_TOKEN_LIFETIME": timedelta(minutes=15),
    "REFRESH_TOKEN_LIFETIME": timedelta(days=1),
    "ALGORITHM": "HS256",
    "SIGNING_KEY": JWT_SIGNING_KEY,
    "AUDIENCE": "sharj",
    "ISSUER": "sharj",
    "AUTH_HEADER_TYPES": ("Bearer",),
    "USER_ID_CLAIM": "user_id",
    "UPDATE_LAST_LOGIN": False,
}

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["apps.accounts.sessions.authentication.SessionTokenAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_THROTTLE_CLASSES": ["apps.accounts.sessions.throttles.RequestThrottle"],
    "DEFAULT_PARSER_CLASSES": ["apps.core.api.parsers.StrictJSONParser"],
    "DEFAULT_RENDERER_CLASSES": ["apps.core.api.renderers.JSONRenderer"],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "apps.core.api.renderers.ContentNegotiation",
    "DEFAULT_PAGINATION_CLASS": "apps.core.api.pagination.KeysetPagination",
    "EXCEPTION_HANDLER": "apps.core.api.error_handlers.exception_handler",
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
    "NON_FIELD_ERRORS_KEY": "non_field_errors",
    "URL_FORMAT_OVERRIDE": None,  # `?format=` is not a parameter; the header Accept asks for CSV
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
BUSINESS_TIME_ZONE: str = checked.time_zone("BUSINESS_TIME_ZONE", env.str("BUSINESS_TIME_ZONE", default="Asia/Tehran"))
# Credit requests, reversals and raised daily limits above this amount need two different people; empty: none does.
CREDIT_APPROVAL_SECOND_REVIEW_AMOUNT: Decimal | None = checked.optional_amount(
    "CREDIT_APPROVAL_SECOND_REVIEW_AMOUNT", env.str("CREDIT_APPROVAL_SECOND_REVIEW_AMOUNT", default="")
)
# ISO 4217 code of the one currency of all amounts; the back office and the API's documentation name it.
CURRENCY: str = checked.currency("CURRENCY", env.str("CURRENCY", default="IRR"))
# ISO 3166 region of phone numbers that are written without a country code.
PHONE_REGION: str = checked.phone_region("PHONE_REGION", env.str("PHONE_REGION", default="IR"))

# --- Files and limits -----------------------------------------------------------------------------------------------

STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "config.static_files.ChangedFilesStorage"},
}
# Bytes. A larger body is refused with 413 before it is read.
REQUEST_BODY_LIMIT_BYTES = 1_000_000
BULK_REQUEST_BODY_LIMIT_BYTES = 5_000_000
DATA_UPLOAD_MAX_MEMORY_SIZE = REQUEST_BODY_LIMIT_BYTES

SWAGGER_USE_COMPAT_RENDERERS = False  # the format of swagger.json is called "json", as elsewhere in DRF
SWAGGER_SETTINGS = {
    "DEFAULT_INFO": "config.urls.API_INFO",
    "DEFAULT_AUTO_SCHEMA_CLASS": "apps.core.apidocs.swagger.ProblemAutoSchema",
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
    "SPEC_URL": "swagger-json",
    "SHOW_EXTENSIONS": False,  # x-links are for programs
    "VALIDATOR_URL": None,  # nothing is fetched from other hosts
}
REDOC_SETTINGS = {"SPEC_URL": "swagger-json"}

# --- Redis -----------------------------------------------------------------------------------------------------------

# host:port or a redis:// URL. Optional: without it each process has its own cache and its own counts.
REDIS_ADDR: str = env.str("REDIS_ADDR", default="")
REDIS_URL = REDIS_ADDR if "://" in REDIS_ADDR or not REDIS_ADDR else f"redis://{REDIS_ADDR}/0"
REDIS_PASSWORD: str = env.str("REDIS_PASSWORD", default="")  # unless the URL has it
# Requests hardly wait for Redis: it is asked once and briefly.
REDIS_OPTIONS = {
    "socket_timeout": 0.25,
    "socket_connect_timeout": 0.25,
    "retry": Retry(NoBackoff(), 0),
    "password": REDIS_PASSWORD or None,
}
CACHES = {
    "default": {
        "BACKEND": "apps.core.limits.cache.ForgivingRedisCache",
        "LOCATION": REDIS_URL,
        "OPTIONS": REDIS_OPTIONS,
    }
    if REDIS_URL
    else {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
}

# --- Proxies, metrics, logs -----------------------------------------------------------------------------------------

# Where gunicorn sends callers of GET events/stream/, which it does not serve; behind nginx none reaches it.
EVENT_STREAM_URL: str = env.str("EVENT_STREAM_URL", default="")
# Networks of the proxies in front, whose X-Forwarded-* headers are believed.
TRUSTED_PROXIES: list[str] = env.list("TRUSTED_PROXIES", default=["127.0.0.0/8", "::1/128"])
# Scrapers of /metrics have this token, or an address in these networks.
METRICS_TOKEN: str = env.str("METRICS_TOKEN", default="")
METRICS_ALLOWED_NETWORKS: list[str] = env.list("METRICS_ALLOWED_NETWORKS", default=["127.0.0.0/8", "::1/128"])

# The worker of the queue (`manage.py worker`): jobs at a time, and a file that shows that it is alive.
WORKER_CONCURRENCY: int = checked.positive("WORKER_CONCURRENCY", env.str("WORKER_CONCURRENCY", default="20"))
WORKER_HEARTBEAT_FILE: str = env.str("WORKER_HEARTBEAT_FILE", default="")
# HOST:PORT of PostgreSQL itself, where LISTEN works, if a pooler stands between.
DATABASE_LISTEN_HOST: str = env.str("DATABASE_LISTEN_HOST", default="")
DATABASE_POOL_MODE: str = env.str("DATABASE_POOL_MODE", default="session")

# The jobs of the compose file leave a stamp here when they succeed or fail; their times are gauges.
JOB_STAMPS_DIR: str = env.str("JOB_STAMPS_DIR", default="")
# Of `manage.py schedule`: where seals go, and host:port of the server on which a backup is restored to be tested.
SEALS_DIR: str = env.str("SEALS_DIR", default="")
RESTORED_DATABASE: str = env.str("RESTORED_DATABASE", default="restore-test:5432")

LOG_FOLDER = open_log_folder(env.str("LOG_DIR", default=""))
LOGGING = logging_config(
    level=env.str("LOG_LEVEL", default="INFO"),
    style=env.str("LOG_FORMAT", default="line"),
    stream=env.str("LOG_STREAM", default="stderr"),  # gunicorn's is stdout; a command's stdout is for its result
    folder=LOG_FOLDER,
)
