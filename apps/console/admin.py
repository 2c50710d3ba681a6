"""Registration of every page with Django's admin, which imports this module."""

from apps.console.pages import (  # noqa: F401  (registered by import)
    books,
    control,
    credit_requests,
    ledger,
    proposals,
    second_factor,
    sellers,
    webhooks,
)
