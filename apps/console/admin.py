"""Registers every page of the back office with Django's admin, which looks for them here."""

from apps.console.pages import books, control, credit_requests, ledger, sellers  # noqa: F401  (registered by import)
