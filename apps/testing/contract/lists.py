"""Every list of the API: its path, a way to add a row to it, and the member that is its key."""

from collections.abc import Callable

from apps.accounts.models import Seller
from apps.testing.deliveries import make_operator, unknown_delivery
from apps.testing.factories import file_request, make_seller, sell

Add = Callable[[Seller, int], object]


def _add_seller(seller: Seller, number: int) -> object:
    return make_seller()


def _add_request(seller: Seller, number: int) -> object:
    return file_request(seller)


def _add_sale(seller: Seller, number: int) -> object:
    return sell(seller, "0.01", phone_number=f"+98912{number:07}")


def _add_operator(seller: Seller, number: int) -> object:
    return make_operator(f"op{number}", carrier_names=[])


def _add_delivery(seller: Seller, number: int) -> object:
    return unknown_delivery(seller)


LISTS: dict[str, tuple[Add, str]] = {
    "sellers/": (_add_seller, "id"),
    "credit-requests/": (_add_request, "id"),
    "transactions/": (_add_sale, "id"),
    "sellers/{seller}/transactions/": (_add_sale, "id"),
    "phone-numbers/": (_add_sale, "phone_number"),
    "operators/": (_add_operator, "code"),
    "deliveries/": (_add_delivery, "id"),
}
