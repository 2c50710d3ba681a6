"""Shapes of the requests and answers of charges."""

from collections.abc import Sequence
from typing import Any, Final, cast

from django.utils.translation import gettext, gettext_noop
from rest_framework import serializers

from apps.core.api.error_handlers import flatten_errors
from apps.core.api.fields import IdempotencyKeyField, MoneyField, PhoneNumberField
from apps.core.api.idempotency import InvalidIdempotencyKey, parse_idempotency_key
from apps.core.api.input import BodyReader
from apps.core.api.problems import PROBLEMS
from apps.core.apidocs.swagger import FieldProblemSerializer, example_of
from apps.core.errors import DomainError
from apps.core.values.money import ZERO, format_money, parse_amount
from apps.core.values.phones import normalize_mobile
from apps.transactions.charges.sales import Batch, DryRun, InvalidItem, Sale
from apps.transactions.entries.serializers import LedgerEntrySerializer, render_entry

MAX_ITEMS: Final = 1_000


class ChargeRequestSerializer(serializers.Serializer[Any]):
    """A charge to sell."""

    phone_number = PhoneNumberField()
    amount = MoneyField()
    operator = serializers.CharField(
        required=False,
        max_length=32,
        help_text="The code of the mobile operator, for a number that was ported. By the number's range, if absent.",
    )

    class Meta:
        swagger_schema_fields = {"example": {"phone_number": "+989123456789", "amount": "50000.00"}}

    def run_validation(self, data: Any = serializers.empty) -> Any:
        """Read a plain charge at once. DRF's loop over the fields, at five times the cost, reads any other.

        Both read the same members by the same functions; a test compares them.
        """
        return _read_plain(data) or super().run_validation(data)


def _read_plain(data: Any) -> dict[str, Any] | None:
    """Return the members of a charge that are all strings and well formed, and None for anything else."""
    try:
        if not all(type(value) is str for value in data.values()) or "operator" in data:
            return None
        charge = {
            "phone_number": normalize_mobile(data["phone_number"].strip()),
            "amount": parse_amount(data["amount"]),
        }
        if "idempotency_key" in data:
            charge["idempotency_key"] = parse_idempotency_key(data["idempotency_key"])
    except (AttributeError, KeyError, ValueError, InvalidIdempotencyKey):
        return None
    return charge


class BulkItemSerializer(ChargeRequestSerializer):
    """One charge of a batch."""

    idempotency_key = IdempotencyKeyField(required=False)

    class Meta:
        swagger_schema_fields = {
            "example": {"phone_number": "+989123456789", "amount": "50000.00", "idempotency_key": "order-1001"}
        }


class BulkItemsField(serializers.ListField):
    """The items of a batch, each read by itself: its members, or the `ValidationError` about it."""

    def __init__(self) -> None:
        item = BulkItemSerializer()
        super().__init__(child=item, min_length=1, max_length=MAX_ITEMS)
        self._reader = BodyReader(item)

    def run_child_validation(self, data: Sequence[Any]) -> list[Any]:
        """Read each item, but of too many only the one by which the length is refused."""
        return [self._read(item) for item in data[: MAX_ITEMS + 1]]

    def _read(self, item: Any) -> dict[str, Any] | serializers.ValidationError:
        try:
            return self._reader.read(item)
        except serializers.ValidationError as error:
            return error


class BulkRequestSerializer(serializers.Serializer[Any]):
    """A batch of charges."""

    charges = BulkItemsField()
    atomic = serializers.BooleanField(default=False, help_text="Sell all or nothing.")

    class Meta:
        swagger_schema_fields = {"example": {"charges": [example_of(BulkItemSerializer)], "atomic": False}}

    def validate(self, batch: dict[str, Any]) -> dict[str, Any]:
        """Turn each malformed item into its refusal, an `InvalidItem`; refuse an atomic batch that has one."""
        items = batch["charges"]
        malformed = {
            index: item.detail for index, item in enumerate(items) if isinstance(item, serializers.ValidationError)
        }
        if malformed and batch["atomic"]:
            raise serializers.ValidationError({"charges": cast("Any", malformed)})
        for index, detail in malformed.items():
            items[index] = InvalidItem(gettext_noop("The item is not valid."), errors=list(flatten_errors(detail)))
        return batch


class BulkErrorSerializer(serializers.Serializer[Any]):
    """The refusal of an item: `code` and `detail` as in a problem document, and the members of the code.

    `errors` are those of a malformed item (`validation_error`).
    """

    code = serializers.ChoiceField(choices=list(PROBLEMS))
    title = serializers.CharField()
    detail = serializers.CharField()
    errors = FieldProblemSerializer(many=True, required=False)  # type: ignore[assignment]  # a member of that name


class DryRunQuerySerializer(serializers.Serializer[Any]):
    """The parameter of both calls."""

    dry_run = serializers.BooleanField(
        required=False,
        help_text="`true`: answer 200 with what would happen now, by the same checks; sell nothing and use no key.",
    )


class OutcomeSerializer(serializers.Serializer[Any]):
    """The outcome of one charge."""

    outcome = serializers.ChoiceField(choices=["accepted", "rejected", "replayed"])
    transaction = LedgerEntrySerializer(allow_null=True)
    error = BulkErrorSerializer(allow_null=True)


class DryRunSerializer(OutcomeSerializer):
    """What a charge would do now. `transaction` is the entry that the key already made, if it did."""

    would_succeed = serializers.BooleanField()
    code = serializers.CharField(
        allow_null=True, help_text="The code of the refusal, or null."
    )  # an enum could not be null
    balance_after = MoneyField()

    class Meta:
        swagger_schema_fields = {
            "example": {
                "would_succeed": True,
                "code": None,
                "balance_after": "450000.00",
                "outcome": "accepted",
                "transaction": None,
                "error": None,
            }
        }


class BulkResultSerializer(OutcomeSerializer):
    """The outcome of one item."""

    index = serializers.IntegerField()

    class Meta:
        swagger_schema_fields = {
            "example": {
                "index": 0,
                "outcome": "accepted",
                "transaction": example_of(LedgerEntrySerializer),
                "error": None,
            }
        }


class BulkAnswerSerializer(serializers.Serializer[Any]):
    """The outcome of a batch; `total_amount` is the sum of its sales.

    That of a dry run has `would_succeed`, true if no item would be refused, and the `code` that would refuse the batch
    as a whole; a `transaction` that does not exist yet is null.
    """

    would_succeed = serializers.BooleanField(required=False)
    code = serializers.CharField(
        allow_null=True, required=False, help_text="Only of a dry run: the code that would refuse the batch."
    )
    accepted = serializers.IntegerField()
    rejected = serializers.IntegerField()
    replayed = serializers.IntegerField()
    total_amount = MoneyField()
    balance_after = MoneyField()
    results = BulkResultSerializer(many=True)

    class Meta:
        swagger_schema_fields = {
            "example": {
                "accepted": 1,
                "rejected": 0,
                "replayed": 0,
                "total_amount": "50000.00",
                "balance_after": "450000.00",
                "results": [example_of(BulkResultSerializer)],
            }
        }


def render_batch(batch: Batch, *, is_dry_run: bool = False) -> dict[str, object]:
    """Return the outcome of a batch as `BulkAnswerSerializer` describes it."""
    accepted, rejected = len(batch.sold), len(batch.refusals)
    results = [_render_outcome(result, is_dry_run=is_dry_run) for result in batch.results]
    return {
        "accepted": accepted,
        "rejected": rejected,
        "replayed": len(batch.results) - accepted - rejected,
        "total_amount": format_money(sum((entry.amount for entry in batch.sold), ZERO)),
        "balance_after": format_money(batch.balance_after),
        "results": [{"index": index, **result} for index, result in enumerate(results)],
    }


def render_dry_run(run: DryRun) -> dict[str, object]:
    """Return the dry run of one charge as `DryRunSerializer` describes it."""
    [result] = run.batch.results
    balance = {"balance_after": format_money(run.batch.balance_after)}
    return _render_verdict(run) | balance | _render_outcome(result, is_dry_run=True)


def render_batch_dry_run(run: DryRun) -> dict[str, object]:
    """Return the dry run of a batch as `BulkAnswerSerializer` describes it."""
    return _render_verdict(run) | render_batch(run.batch, is_dry_run=True)


def _render_verdict(run: DryRun) -> dict[str, object]:
    return {"would_succeed": not run.batch.refusals, "code": run.refusal and run.refusal.code}


def _render_outcome(result: Sale | DomainError, *, is_dry_run: bool) -> dict[str, object]:
    if isinstance(result, DomainError):
        error = {
            "code": result.code,
            "title": gettext(PROBLEMS[result.code].title),
            "detail": gettext(result.message),
            **result.extra,
        }
        return {"outcome": "rejected", "transaction": None, "error": error}
    is_only_a_draft = is_dry_run and result.entry._state.adding
    return {
        "outcome": "replayed" if result.replayed else "accepted",
        "transaction": None if is_only_a_draft else render_entry(result.entry),
        "error": None,
    }
