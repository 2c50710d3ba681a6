"""Logins to the back office as rows that know their user, so that they can be listed and ended (`SESSION_ENGINE`)."""

from typing import Any
from uuid import UUID

from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from apps.accounts.models import BackOfficeSession
from apps.core.observability import request_address

_BEGAN_AT, _ADDRESS = "began_at", "address"


class SessionStore(DatabaseStore):
    """Django's store in the database, with the user, the beginning and the address of a login in columns.

    A session that was ended stays so: a request on its way cannot save it again, because Django then updates only.
    """

    @classmethod
    def get_model_class(cls) -> type[BackOfficeSession]:
        return BackOfficeSession

    def create_model_instance(self, data: dict[str, Any]) -> BackOfficeSession:
        """Return the row of this session; its beginning and address are those of the first request after the login."""
        user_id = data.get(SESSION_KEY)
        if user_id is not None:
            data.setdefault(_BEGAN_AT, timezone.now().isoformat())
            data.setdefault(_ADDRESS, request_address.current())
        row = BackOfficeSession(
            session_key=self._get_or_create_session_key(),  # type: ignore[attr-defined]  # not in the stubs
            session_data=self.encode(data),
            expire_date=self.get_expiry_date(),
        )
        if user_id is not None:
            row.user_id, row.address = UUID(user_id), data[_ADDRESS]
            row.began_at = parse_datetime(data[_BEGAN_AT])
        return row
