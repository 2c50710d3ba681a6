"""Queries for sellers."""

from uuid import UUID

from django.db.models import Q, QuerySet

from apps.accounts.models import Seller
from apps.core.errors import NotFound
from apps.core.values.phones import search_text


def list_sellers(*, status: str | None = None, search: str | None = None) -> QuerySet[Seller]:
    """Return sellers with their wallets; `search` matches company name, email and phone number."""
    sellers = Seller.objects.select_related("wallet")
    if status:
        sellers = sellers.filter(status=status)
    if search:
        sellers = sellers.filter(
            Q(company_name__icontains=search)
            | Q(email__icontains=search)
            | Q(phone_number__contains=search_text(search))
        )
    return sellers


def get_seller(seller_id: UUID) -> Seller:
    """Return one seller with its wallet.

    Raises:
        NotFound: no seller has this id.
    """
    seller = Seller.objects.select_related("wallet").filter(pk=seller_id).first()
    if seller is None:
        raise NotFound("Seller not found.")
    return seller


def charge_limits() -> dict[UUID, int]:
    """Return the charges a minute of each seller with a limit of its own; 0 is unlimited."""
    limits = Seller.objects.filter(charges_per_minute__isnull=False).values_list("pk", "charges_per_minute")
    return {seller_id: limit for seller_id, limit in limits if limit is not None}
