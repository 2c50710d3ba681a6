"""The second factor: TOTP (RFC 6238) and recovery codes, by django-otp. A code passes once; guesses are slowed.

A row of `TOTPDevice` that is confirmed is the user's second factor; one that is not yet is an enrolment that has begun.
"""

import base64
import re
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django_otp.plugins.otp_static.models import StaticDevice, StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice

from apps.accounts import audit
from apps.accounts.models import AuditAction, Session, User
from apps.accounts.roles import APPROVERS
from apps.core.errors import DomainError
from apps.core.observability import events
from apps.core.values.phones import ascii_digits

# A step that moves money needs a code that is at most this old.
FRESH_FOR = timedelta(minutes=10)
RECOVERY_CODES = 10
_TOTP = re.compile(r"[0-9]{6}", re.ASCII)
_RECOVERY = re.compile(r"[a-z2-7]{8}", re.ASCII)


class OtpRequired(DomainError):
    """The password is right, and the user needs a second factor; `enrolled` tells whether it has one."""

    code = "otp_required"


class InvalidOtp(DomainError):
    """The code is wrong, used already, or guessed too fast after a wrong one."""

    code = "invalid_otp"


class StepUpRequired(DomainError):
    """The session's second factor is older than `FRESH_FOR`, or was never given."""

    code = "step_up_required"


def is_enrolled(user: User) -> bool:
    """Tell whether the user has a second factor."""
    return bool(TOTPDevice.objects.filter(user=user, confirmed=True).exists())


def is_needed(user: User) -> bool:
    """Tell whether the user must give a second factor: it has one, or its role and the settings ask for one."""
    return bool(settings.REQUIRE_SECOND_FACTOR and APPROVERS & user.staff_roles) or is_enrolled(user)


def is_fresh(given_at: datetime | None) -> bool:
    """Tell whether a second factor that was given then still lets money move."""
    return given_at is not None and timezone.now() - given_at < FRESH_FOR


def check_code(user: User, text: str) -> None:
    """Use up a code of the user's app, or one of its recovery codes.

    Raises:
        InvalidOtp: see there; the attempt is counted.
    """
    code = _normalize(text)
    # One device is asked, by the form of the code: a right code of one must not count as a guess at the other.
    is_recovery = _RECOVERY.fullmatch(code) is not None
    with transaction.atomic():
        devices = (StaticDevice if is_recovery else TOTPDevice).objects.filter(user=user, confirmed=True)
        device = devices.select_for_update().first() if is_recovery or _TOTP.fullmatch(code) else None
        is_right = device is not None and device.verify_token(code)
    if not is_right:
        events.security_warning("second_factor_refused", user=user.pk)
        raise InvalidOtp("The code is wrong or was used already. Wait for the next one.")
    events.security("second_factor_given", user=user.pk, recovery=is_recovery)


def check_login(user: User, otp: str) -> bool:
    """Tell whether a login gave a second factor.

    Raises:
        OtpRequired: it is needed, and none was given or the user has none.
        InvalidOtp: the code is wrong.
    """
    if not user.is_staff or not is_needed(user):
        return False
    enrolled = is_enrolled(user)
    if not otp or not enrolled:
        raise OtpRequired("Send the code of your authenticator app as well.", enrolled=enrolled)
    check_code(user, otp)
    return True


def step_up(*, user: User, session_id: UUID, otp: str) -> None:
    """Let a session move money for `FRESH_FOR`; raises `InvalidOtp`."""
    check_code(user, otp)
    Session.objects.filter(pk=session_id).update(second_factor_at=timezone.now())


def check_stepped_up(user: User, session_id: UUID) -> None:
    """Check that money may be moved in a session.

    Raises:
        StepUpRequired: the user needs a second factor, and the session's is not fresh.
    """
    if not is_needed(user):
        return
    if not is_fresh(Session.objects.values_list("second_factor_at", flat=True).get(pk=session_id)):
        raise StepUpRequired("Send a code to auth/step-up/, then this request again.")


def begin_enrolment(user: User) -> TOTPDevice:
    """Return the device that the user is about to set up, with its secret."""
    return TOTPDevice.objects.get_or_create(user=user, confirmed=False, defaults={"name": "authenticator app"})[0]


def finish_enrolment(user: User, text: str) -> list[str]:
    """Make the begun device the user's only one, if `text` is its code; return new recovery codes.

    Raises:
        InvalidOtp: the code is wrong; the attempt is counted.
    """
    with transaction.atomic():
        device = TOTPDevice.objects.select_for_update().filter(user=user, confirmed=False).first()
        is_right = device is not None and device.verify_token(_normalize(text))
        if device is not None and is_right:
            TOTPDevice.objects.filter(user=user).exclude(pk=device.pk).delete()
            device.confirmed = True
            device.save(update_fields=["confirmed"])
            audit.record(AuditAction.ENROL, user, actor_id=user.pk)
            return _new_recovery_codes(user)
    events.security_warning("second_factor_refused", user=user.pk)
    raise InvalidOtp("The code is wrong or was used already. Wait for the next one.")


def enrol(user: User) -> tuple[str, list[str]]:
    """Give a user a new second factor, for a command on a server without a browser; return its secret and codes.

    The secret is in Base32, as authenticator apps take it.
    """
    with transaction.atomic(durable=True):
        TOTPDevice.objects.filter(user=user).delete()
        device = TOTPDevice.objects.create(user=user, name="authenticator app", confirmed=True)
        audit.record(AuditAction.ENROL, user, actor_id=None)
        return base64.b32encode(device.bin_key).decode(), _new_recovery_codes(user)


def _new_recovery_codes(user: User) -> list[str]:
    StaticDevice.objects.filter(user=user).delete()
    device = StaticDevice.objects.create(user=user, name="recovery codes")
    codes = [StaticToken.random_token() for _ in range(RECOVERY_CODES)]
    StaticToken.objects.bulk_create([StaticToken(device=device, token=code) for code in codes])
    return codes


def reset(user: User) -> None:
    """Take a second factor away, for a command, and end the user's sessions; the next login sets another up."""
    with transaction.atomic(durable=True):
        TOTPDevice.objects.filter(user=user).delete()
        StaticDevice.objects.filter(user=user).delete()
        user.sessions.filter(revoked_at__isnull=True).update(revoked_at=timezone.now())
        audit.record(AuditAction.RESET_SECOND_FACTOR, user, actor_id=None)


def _normalize(text: str) -> str:
    return ascii_digits(text).replace(" ", "").lower()
