"""The address of the database and the login of each role, for the embedded PostgreSQL and for an external one."""

import os

from apps.core.database.embedded.server import EmbeddedPostgres, EmbeddedPostgresError

# Variables of each role's user and password, in the order in which they are tried. On a small external server one
# role may do both jobs: the owner is then the application role.
_VARIABLES = {
    "app": ("DATABASE_USER",),
    "owner": ("DATABASE_OWNER_USER", "DATABASE_USER"),
    "superuser": ("DATABASE_ADMIN_USER",),
}


def is_embedded() -> bool:
    """Tell whether this process uses the embedded PostgreSQL: no DATABASE_HOST is set."""
    return not os.environ.get("DATABASE_HOST")


def database_login(role: str, database: str = "") -> dict[str, str]:
    """Return Django's HOST, PORT, NAME, USER and PASSWORD for a role: app, owner or superuser.

    `database` overrides the configured name. Raise `EmbeddedPostgresError` for an unknown or unconfigured role.
    """
    if is_embedded():
        login = EmbeddedPostgres.from_environment().connection(role)
        return {**login, "NAME": database or login["NAME"]}
    user = next((name for name in _VARIABLES.get(role, ()) if os.environ.get(name)), None)
    if user is None:
        raise EmbeddedPostgresError(
            f"DATABASE_HOST is set, but no user and password of the database role {role!r} are."
        )
    return {
        "HOST": os.environ["DATABASE_HOST"],
        "PORT": os.environ.get("DATABASE_PORT") or "5432",
        "NAME": database or os.environ.get("DATABASE_NAME") or "sharj",
        "USER": os.environ[user],
        "PASSWORD": os.environ.get(user.replace("_USER", "_PASSWORD"), ""),
    }


def replica_login(primary: dict[str, str], host: str) -> dict[str, str]:
    """Return the login of the standby at `host`: the primary's, overridden by DATABASE_REPLICA_... variables."""
    changed = {
        name: os.environ.get(f"DATABASE_REPLICA_{name}") or primary[name] for name in ("NAME", "USER", "PASSWORD")
    }
    return {**changed, "HOST": host, "PORT": os.environ.get("DATABASE_REPLICA_PORT") or "5432"}
