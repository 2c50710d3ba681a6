"""Registration of every page with Django's admin, which imports this module."""

from apps.console.pages import books, control, credit_requests, deliveries, ledger, proposals, second_factor, sellers  # noqa: F401  (registered by import)  # noqa: F401
