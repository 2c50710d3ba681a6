"""The seam to the queue of the worker."""

from uuid import UUID


def wake(endpoint_id: UUID) -> None:
    """Let a worker look for due deliveries of this endpoint once the caller's transaction commits."""
