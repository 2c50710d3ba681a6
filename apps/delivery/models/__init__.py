"""Tables of deliveries: operators, deliveries and their attempts, and comparisons of books."""

from apps.delivery.models.books import BookComparison, BookDiscrepancy
from apps.delivery.models.deliveries import Attempt, Delivery, DeliveryStatus
from apps.delivery.models.operators import NumberRange, Operator, PriceTerms

__all__ = (
    "Attempt", "BookComparison", "BookDiscrepancy", "Delivery", "DeliveryStatus", "NumberRange", "Operator",
    "PriceTerms",
)  # fmt: skip
