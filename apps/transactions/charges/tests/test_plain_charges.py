"""A plain charge is read without DRF's field loop, and means the same."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as some
from rest_framework import serializers

from apps.transactions.charges.serializers import BulkItemSerializer, ChargeRequestSerializer, _read_plain

PHONES = some.sampled_from(
    [
        "09123456789",
        "+989123456789",
        " 09123456789 ",
        "۰۹۱۲۳۴۵۶۷۸۹",
        "0912 345 6789",
        "0912",
        "",
        " ",
        "+98\x00912345678",
    ]
)
AMOUNTS = some.sampled_from(
    ["50000.00", "1", "0.01", "0", "0.00", "-1", "1e3", "\u0661", " 1", "1.001", "", "NaN", "9" * 13]
)
KEYS = some.sampled_from(["order-1", '"order-1"', " k ", "", " ", "\u043a", "k" * 255, "k" * 256, 'a"b', "\x00"])
OTHERS = some.one_of(
    some.none(), some.booleans(), some.integers(-5, 10**13), some.just([]), some.just({}), some.text(max_size=3)
)
MEMBERS = {"phone_number": PHONES | OTHERS, "amount": AMOUNTS | OTHERS}
BY_LOOP = serializers.Serializer.run_validation


def _by_loop(serializer: serializers.Serializer[Any], data: Any) -> Any:
    try:
        return dict(BY_LOOP(serializer, data))
    except serializers.ValidationError as error:
        return error.get_full_details()


def _at_once(serializer: serializers.Serializer[Any], data: Any) -> Any:
    try:
        return dict(serializer.run_validation(data))
    except serializers.ValidationError as error:
        return error.get_full_details()


@given(some.fixed_dictionaries({}, optional=MEMBERS) | OTHERS)
def test_a_charge_means_the_same(data: Any) -> None:
    assert _at_once(ChargeRequestSerializer(), data) == _by_loop(ChargeRequestSerializer(), data)


@given(some.fixed_dictionaries({}, optional={**MEMBERS, "idempotency_key": KEYS | OTHERS}))
def test_an_item_means_the_same(data: Any) -> None:
    assert _at_once(BulkItemSerializer(), data) == _by_loop(BulkItemSerializer(), data)


def test_a_plain_charge_is_read_at_once() -> None:
    charge = {"phone_number": "09123456789", "amount": "50000.00"}
    assert _read_plain(charge) == ChargeRequestSerializer().run_validation(charge)
