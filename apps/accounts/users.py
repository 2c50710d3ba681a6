"""What is done with the people of sellers and of the platform: made, given roles, deactivated. Nobody is deleted."""

from django.db import transaction

from apps.accounts.models import User
from apps.accounts.services import duplicates_named
from apps.accounts.sessions import revoke_sessions


def save_user(*, user: User, ends_sessions: bool) -> None:
    """Save a user whose fields were edited; `ends_sessions`: what its tokens allow has changed.

    Raises:
        InvalidInput: username or email taken.
    """
    with duplicates_named(), transaction.atomic():
        user.save()
        if ends_sessions:
            revoke_sessions(user)
