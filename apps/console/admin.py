"""Registration of every page with Django's admin, which imports this module."""

from django.contrib import admin
from procrastinate.contrib.django.models import ProcrastinateJob

from apps.console.pages import (  # noqa: F401  (registered by import)
    books,
    clients,
    control,
    credit_requests,
    deliveries,
    ledger,
    proposals,
    second_factor,
    sellers,
    webhooks,
)

admin.site.unregister(ProcrastinateJob)  # its page knows nothing of our roles
