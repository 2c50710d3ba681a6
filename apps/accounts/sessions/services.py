"""Logins. A session is a family of refresh tokens of which exactly one, the newest, may be used, and only once.

Reuse of a spent token means that a copy of it is in other hands, so it ends the whole family (RFC 9700, 4.14.2).
"""

from functools import cache
from typing import Any, cast

from django.contrib.auth import authenticate
from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_noop

from apps.accounts import audit
from apps.accounts.models import AuditAction, BackOfficeSession, LoginOrigin, Seller, Session, User
from apps.accounts.second_factor.services import check_login
from apps.accounts.sessions import login_events
from apps.accounts.sessions.login_events import Door
from apps.accounts.sessions.tokens import Claims, InvalidToken, TokenPair, issue_pair, read_refresh, session_end
from apps.core.errors import DomainError, InvalidInput
from apps.core.observability import events


class InvalidCredentials(DomainError):
    """Wrong username, wrong password, a deactivated user or the wrong door; the answer does not tell which."""

    code = "invalid_credentials"


class WrongPassword(InvalidInput):
    """The password that a caller gave to prove itself is not its own; counted like a failed login."""

    def __init__(self) -> None:
        super().__init__("current_password", gettext_noop("The current password is wrong."), code="wrong_password")


def open_session(*, username: str, password: str, door: Door, otp: str = "") -> TokenPair:
    """Log in.

    Raises:
        InvalidCredentials: for every reason alike, after the same work.
        OtpRequired, InvalidOtp: the password is right; see each.
    """
    user = authenticate(username=username, password=password)
    pair = _begin_session(user, door, otp) if user is not None and _may_enter(user, door) else None
    if pair is None:
        login_events.login_failed(username, door, is_wrong_door=user is not None)
        raise InvalidCredentials("No active account with these credentials.")
    return pair


def _begin_session(user: User, door: Door, otp: str) -> TokenPair | None:
    """Open a session, unless the password changed or the user was deactivated since the password was checked.

    Raises:
        OtpRequired, InvalidOtp: see `check_login`.
    """
    gave_second_factor = check_login(user, otp)
    with transaction.atomic(durable=True):
        same = User.objects.filter(pk=user.pk, password=user.password, is_active=True)
        if not same.update(last_login=timezone.now()):
            return None
        session = Session(user=user, second_factor_at=timezone.now() if gave_second_factor else None)
        pair = issue_pair(session)
        session.save(force_insert=True)
        login_events.login_succeeded(user, door, session)
    return pair


def _may_enter(user: User, door: Door) -> bool:
    return user.seller_id is not None if door is Door.SELLER else user.is_staff


def rotate_session(*, refresh: str) -> TokenPair:
    """Exchange a refresh token for a new pair. Of any number of parallel uses of one token exactly one succeeds.

    Raises:
        InvalidToken: malformed, expired, spent, revoked, past the end of its session, or its user is deleted or
            deactivated.
    """
    claims = read_refresh(refresh)
    with transaction.atomic(durable=True):
        session = _lock_session(claims)
        pair = _rotate(session, claims) if session else None
    if pair is None:
        raise InvalidToken
    return pair


def _rotate(session: Session, claims: Claims) -> TokenPair | None:
    if session.revoked_at is not None or not session.user.is_active or session_end(session) <= timezone.now():
        return None
    if session.refresh_jti != claims.jti:
        _revoke(session)
        events.security_warning("spent_refresh_token_used", user=session.user_id, session=session.pk)
        return None
    pair = issue_pair(session)
    session.save(update_fields=["refresh_jti", "expires_at"])
    return pair


def close_session(*, refresh: str) -> None:
    """Log out: revoke all tokens of this family, access tokens included.

    Raises:
        InvalidToken: malformed, expired, already revoked, or its user is deleted.
    """
    claims = read_refresh(refresh)
    with transaction.atomic(durable=True):
        session = _lock_session(claims)
        if session is None or session.revoked_at is not None:
            raise InvalidToken
        _revoke(session)
        login_events.login_ended(session.user, session)


def close_all_sessions(*, user: User) -> None:
    """Log out everywhere: revoke all tokens of all families of `user`."""
    with transaction.atomic(durable=True):
        revoke_sessions(user)
        login_events.login_ended(user, detail=gettext_noop("all sessions"))


def revoke_sessions(user: User) -> None:
    """End every login of `user` at once."""
    user.sessions.filter(revoked_at__isnull=True).update(revoked_at=timezone.now())


def end_sessions(*, user: User, ended_by: User, kept_key: str | None = None) -> None:
    """End every login of `user` at once, to the API and to the back office but that of the cookie `kept_key`."""
    with transaction.atomic(durable=True):
        revoke_sessions(user)
        user.back_office_sessions.exclude(session_key=kept_key).delete()
        audit.record(AuditAction.END_SESSIONS, user, actor_id=ended_by.pk, detail=gettext_noop("all sessions"))
    events.security("sessions_ended", user=user.pk, by=ended_by.pk)


def end_session(*, session: Session | BackOfficeSession, ended_by: User) -> None:
    """End one login, to the API or to the back office."""
    with transaction.atomic(durable=True):
        if isinstance(session, Session):
            _revoke(session)
        else:
            session.delete()
        audit.record(AuditAction.END_SESSIONS, session.user, actor_id=ended_by.pk, detail=gettext_noop("one session"))
    events.security("sessions_ended", user=session.user_id, by=ended_by.pk)


def live_sessions(user: User) -> tuple[QuerySet[Session], QuerySet[BackOfficeSession]]:
    """Return the logins of `user` that have not ended, to the API and to the back office, the newest first."""
    now = timezone.now()
    of_api = user.sessions.filter(revoked_at__isnull=True, expires_at__gt=now).order_by("-id")
    return of_api, user.back_office_sessions.filter(expire_date__gt=now).order_by("-began_at")


def live_user(claims: Claims) -> User | None:
    """Return the user of an access token with its seller and wallet, in one query, or None if the session ended.

    The statement is plain SQL because every request begins with it, and the ORM takes longer to compile it than
    PostgreSQL to answer it.
    """
    statement, models = _live_user_statement()
    with connection.cursor() as cursor:
        cursor.execute(statement, [claims.session_id, claims.user_id])
        row = cursor.fetchone()
    if row is None:
        return None
    read_at, *values = row
    user, seller, wallet = (_from_row(model, values) for model in models)
    user.read_at = read_at
    if user.seller_id is not None:
        user.seller, wallet.seller = seller, seller
    return cast("User", user)


def _from_row(model: type[Any], values: list[Any]) -> Any:
    """Return an instance of `model`, taking its columns from the front of `values`."""
    fields = [field.attname for field in model._meta.concrete_fields]
    instance = model.from_db(connection.alias, fields, values[: len(fields)])
    del values[: len(fields)]
    return instance


@cache
def _live_user_statement() -> tuple[str, tuple[type[Any], ...]]:
    wallet_model = Seller._meta.get_field("wallet").related_model  # of an app above this one
    models = (User, Seller, wallet_model)
    columns = ", ".join(
        f"{model._meta.db_table}.{field.column}" for model in models for field in model._meta.concrete_fields
    )
    return (
        f"""
        SELECT statement_timestamp(), {columns} FROM accounts_session
        JOIN accounts_user ON accounts_user.id = accounts_session.user_id
        LEFT JOIN accounts_seller ON accounts_seller.id = accounts_user.seller_id
        LEFT JOIN {wallet_model._meta.db_table} ON {wallet_model._meta.db_table}.seller_id = accounts_seller.id
        WHERE accounts_session.id = %s AND accounts_session.user_id = %s
          AND accounts_session.revoked_at IS NULL AND accounts_user.is_active""",  # noqa: S608  (names of our own models)
        models,
    )


def _lock_session(claims: Claims) -> Session | None:
    sessions = Session.objects.select_for_update(of=("self",), no_key=True).select_related("user")
    return sessions.filter(pk=claims.session_id, user_id=claims.user_id).first()


def _revoke(session: Session) -> None:
    session.revoked_at = timezone.now()
    session.save(update_fields=["revoked_at"])


def has_logged_in_from(username: str, network: str) -> bool:
    """Tell whether the account has logged in from this network before, by the API or to the back office."""
    return LoginOrigin.objects.filter(user__in=User.objects.named(username), network=network).exists()
