"""Reading of request bodies that a view left unread."""

from contextlib import suppress

from django.conf import settings
from django.http import HttpRequest, UnreadablePostError

CHUNK_BYTES = 65_536


def read_rest(request: HttpRequest) -> None:
    """Read the rest of a body, up to the largest limit of any endpoint.

    A refusal, say 401, is ready before the body is read. A server that then closes the connection breaks it under a
    proxy that is still sending: the client gets 502, and nginx may take the replica for dead.
    """
    if hasattr(request, "_body"):  # the whole body was read
        return
    left: int = settings.BULK_REQUEST_BODY_LIMIT_BYTES
    with suppress(UnreadablePostError):
        while left > 0 and (chunk := request.read(CHUNK_BYTES)):
            left -= len(chunk)
