"""What PostgreSQL refuses about deliveries to every role: by raw SQL as the owner, and as the application."""

from collections.abc import Callable
from datetime import date
from uuid import uuid4

import pytest

from apps.accounts.models import Seller
from apps.delivery.adapters.protocol import Outcome
from apps.delivery.models import Attempt, Delivery, PriceTerms
from apps.testing.constraints import columns_of, database_as, insert_row, not_permitted, refused_by
from apps.testing.deliveries import claim, delivery_of, make_operator, sell_delivered, take
from apps.testing.factories import make_seller, make_staff, sell
from apps.testing.raw_entries import entry as entry_of
from apps.testing.raw_entries import next_sale, post
from apps.transactions.models import LedgerEntry

pytestmark = pytest.mark.django_db(transaction=True)

LATER = "next_step_at = now() + interval '1 hour'"
PATHS: dict[str, Callable[[LedgerEntry], object]] = {
    "pending": lambda entry: None,
    "submitted": claim,
    "unknown": lambda entry: take(entry, Outcome.UNKNOWN),
    "delivered": lambda entry: take(entry, Outcome.DELIVERED),
    "failed": lambda entry: take(entry, Outcome.REFUSED),
}
ALLOWED = {
    ("pending", "submitted"),
    ("submitted", "delivered"), ("submitted", "failed"), ("submitted", "unknown"),
    ("unknown", "delivered"), ("unknown", "failed"), ("unknown", "submitted"),
}  # fmt: skip


@pytest.fixture
def seller() -> Seller:
    return make_seller(balance="100.00")


@pytest.fixture
def entry(seller: Seller) -> LedgerEntry:
    make_operator()
    return sell_delivered(seller, "10.00")


def change(entry: LedgerEntry, assignment: str, role: str = "owner") -> None:
    with database_as(role) as cursor:
        cursor.execute(f"UPDATE delivery_delivery SET {assignment} WHERE entry_id = %s", [str(entry.pk)])


def go(entry: LedgerEntry, status: str, role: str = "owner") -> None:
    due = "next_step_at = NULL" if status in ("delivered", "failed") else LATER
    change(entry, f"status = '{status}', {due}", role)


@pytest.mark.parametrize("role", ["owner", "app"])
@pytest.mark.parametrize(
    ("begin", "end"), [(begin, end) for begin in PATHS for end in PATHS if begin != end and (begin, end) not in ALLOWED]
)
def test_a_step_that_is_not_known_is_refused(entry: LedgerEntry, begin: str, end: str, role: str) -> None:
    PATHS[begin](entry)
    with refused_by("delivery_takes_known_steps", "delivery_end_is_final"):
        go(entry, end, role)


@pytest.mark.parametrize("status", ["delivered", "failed"])
def test_what_is_settled_stays_as_it_is(entry: LedgerEntry, status: str) -> None:
    PATHS[status](entry)
    with refused_by("delivery_end_is_final"):
        change(entry, "message = 'other words'")


def test_a_refund_on_a_time_out_is_refused(entry: LedgerEntry, seller: Seller) -> None:
    """Refuse what most get wrong: a reversal while it is not known whether the phone got its credit."""
    for path in ("pending", "submitted", "unknown"):
        PATHS[path](entry)
        with refused_by("reversal_waits_for_delivery"), database_as("owner") as cursor:
            post(cursor, _mirror(seller, entry))


def test_failed_without_the_money_back_is_refused(entry: LedgerEntry) -> None:
    take(entry, Outcome.UNKNOWN)
    with refused_by("failed_delivery_is_given_back"):
        go(entry, "failed")


def _mirror(seller: Seller, entry: LedgerEntry) -> dict[str, object]:
    newest = LedgerEntry.objects.filter(seller=seller).latest("sequence")
    return next_sale(
        seller,
        type="reversal", amount=entry.amount, balance_after=newest.balance_after + entry.amount,
        debit_account=entry.credit_account, credit_account=entry.debit_account, reverses_id=str(entry.pk),
        phone_number="", operator="",
    )  # fmt: skip


@pytest.mark.parametrize(
    "assignment",
    ["attempts = attempts - 1", "created_at = now()", "operator_id = 'other'", "seller_id = gen_random_uuid()"],
)
def test_the_terms_are_fixed(entry: LedgerEntry, assignment: str) -> None:
    make_operator("other", carrier_names=[])
    claim(entry)
    with refused_by("delivery_terms_are_fixed"):
        change(entry, assignment)


def test_a_person_settles_only_what_is_unknown(entry: LedgerEntry) -> None:
    claim(entry)
    admin = make_staff("admin").pk
    with refused_by("delivery_person_settles_unknown"):
        change(entry, f"status = 'delivered', next_step_at = NULL, resolved_by_id = '{admin}'")


@pytest.mark.parametrize(
    "assignment", ["next_step_at = NULL", "status = 'delivered'", "status = 'lost'", f"status = 'lost', {LATER}"]
)
def test_what_is_open_is_asked_about_and_what_is_settled_is_not(entry: LedgerEntry, assignment: str) -> None:
    claim(entry)
    with refused_by("delivery_asks_until_settled", "delivery_takes_known_steps"):
        change(entry, assignment)


def test_a_delivery_comes_with_its_sale_only_and_stays(seller: Seller, entry: LedgerEntry) -> None:
    plain = sell(seller, "1.00")
    row = columns_of(delivery_of(entry), entry_id=str(plain.pk), seller_id=str(seller.pk))
    with refused_by("delivery_begins_with_sale"), database_as("owner") as cursor:
        insert_row(cursor, Delivery, row)
    with not_permitted(), database_as("app") as cursor:
        insert_row(cursor, Delivery, row)
    for statement in ("DELETE FROM delivery_delivery", "TRUNCATE delivery_delivery CASCADE"):
        with refused_by("deliveries_stay", "attempts_are_append_only"), database_as("owner") as cursor:
            cursor.execute(statement)
    with not_permitted(), database_as("app") as cursor:
        cursor.execute("DELETE FROM delivery_delivery")


def test_attempts_are_only_added(entry: LedgerEntry) -> None:
    take(entry, Outcome.UNKNOWN)
    assert Attempt.objects.count() == 1
    for command in ("UPDATE {} SET outcome = 'x'", "DELETE FROM {}", "TRUNCATE {}"):
        statement = command.format("delivery_attempt")
        with refused_by("attempts_are_append_only"), database_as("owner") as cursor:
            cursor.execute(statement)
        with not_permitted(), database_as("app") as cursor:
            cursor.execute(statement)


def test_no_sale_names_an_operator_that_does_not_exist(seller: Seller, entry: LedgerEntry) -> None:
    with refused_by("delivery_delivery_operator_id"), database_as("app") as cursor:
        post(cursor, next_sale(seller, operator="ghost"))
    for code in ("Sim", "s im", "-sim", "x" * 32 + "y"):
        with pytest.raises(Exception, match=r"entry_operator_only_of_sale|too long"), database_as("app") as cursor:
            post(cursor, next_sale(seller, operator=code))


def test_only_sales_have_an_operator(seller: Seller, entry: LedgerEntry) -> None:
    take(entry, Outcome.DELIVERED)
    with refused_by("entry_operator_only_of_sale"), database_as("owner") as cursor:
        post(cursor, _mirror(seller, entry) | {"operator": "sim"})


@pytest.mark.parametrize("face_value", ["1.00", "0", "-1", "NaN", "1000000000000000000"])
def test_a_face_value_is_another_amount_than_the_price(seller: Seller, entry: LedgerEntry, face_value: str) -> None:
    with pytest.raises(Exception, match=r"entry_face_value_only|overflow"), database_as("app") as cursor:
        post(cursor, next_sale(seller, operator="sim", face_value=face_value))


def test_only_what_an_operator_delivers_has_a_face_value(seller: Seller, entry: LedgerEntry) -> None:
    with refused_by("entry_face_value_only_of_delivery"), database_as("owner") as cursor:
        post(cursor, next_sale(seller, operator="", face_value="2.00"))


@pytest.mark.parametrize(
    "terms", [{"discount_percent": 100}, {"discount_percent": -1}, {"fee": "-0.01"}, {"fee": "NaN"}]
)
def test_terms_that_make_no_price_are_refused(entry: LedgerEntry, terms: dict[str, object]) -> None:
    row = columns_of(PriceTerms(operator_id="sim", effective_from=date(2026, 1, 1)), **terms)
    with refused_by("terms_"), database_as("app") as cursor:
        insert_row(cursor, PriceTerms, row | {"id": str(row["id"])})


def test_terms_are_only_added(entry: LedgerEntry) -> None:
    PriceTerms.objects.create(operator_id="sim", effective_from=date(2026, 1, 1))
    for command in ("UPDATE {} SET fee = 1", "DELETE FROM {}", "TRUNCATE {}"):
        statement = command.format("delivery_priceterms")
        with refused_by("terms_are_append_only"), database_as("owner") as cursor:
            cursor.execute(statement)
        with not_permitted(), database_as("app") as cursor:
            cursor.execute(statement)


def test_a_sale_by_raw_sql_begins_its_delivery_too(seller: Seller, entry: LedgerEntry) -> None:
    row = next_sale(seller, operator="sim")
    with database_as("app") as cursor:
        post(cursor, row)
    assert Delivery.objects.get(entry_id=row["id"]).status == "pending"


def test_an_operator_reads_no_other_secret(entry: LedgerEntry) -> None:
    for name in ("SECRET_KEY", "operator_secret_x", "OPERATOR_SECRET_", f"X{uuid4().hex}"):
        with refused_by("operator_secret_by_prefix"), database_as("app") as cursor:
            cursor.execute("UPDATE delivery_operator SET secret_variable = %s", [name])
    assert entry_of(entry.seller, entry.sequence) == entry
