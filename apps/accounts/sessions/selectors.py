"""Reading of sessions."""

from uuid import UUID

from django.db import connection

# For each user its newest by the index (user, id), so that the number of older logins does not matter.
_LAST_LOGINS = """
SELECT login.id, member.username FROM accounts_user member CROSS JOIN LATERAL (
    SELECT id FROM accounts_session WHERE user_id = member.id AND id < %(before)s ORDER BY id DESC LIMIT %(most)s
) login WHERE member.seller_id = %(seller)s ORDER BY login.id DESC LIMIT %(most)s"""


def last_logins(seller_id: UUID, *, before: UUID, most: int) -> list[tuple[UUID, str]]:
    """Return the ids of the newest sessions of a seller's users before the id `before`, with the usernames."""
    with connection.cursor() as cursor:
        cursor.execute(_LAST_LOGINS, {"seller": seller_id, "before": before, "most": most})
        found: list[tuple[UUID, str]] = cursor.fetchall()
    return found
