"""The search box: what each kind of words finds, for whom, and by which index."""
# ruff: noqa: RUF001  (digits of other scripts, meant)

import html
import re
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.accounts.models import AuditEvent, Seller
from apps.accounts.roles import StaffRole
from apps.core.database.logins import database_login
from apps.core.database.roles import open_database
from apps.core.values.phones import beginning_of
from apps.credit_requests.models import CreditRequest
from apps.testing.back_office import Desk, desk
from apps.testing.factories import add_credit, file_request, make_seller, make_staff, make_user, owner_of, sell
from apps.transactions.models import LedgerEntry

pytestmark = pytest.mark.django_db

KEY = "Order-1001/A"


@pytest.fixture
def seller() -> Seller:
    seller = make_seller(company_name="Jupiter Recharge Shiraz")
    add_credit(seller, "9000.00")
    return seller


@pytest.fixture
def sale(seller: Seller) -> LedgerEntry:
    make_seller(company_name="Another one", balance="50.00")
    return sell(seller, "123.45", phone_number="+989123456789", key=KEY)


def ask(person: Desk, words: str, **headers: str) -> Any:
    return person.client.get(reverse("search"), {"q": words}, headers={"HX-Request": "true", **headers})


def addresses(person: Desk, words: str) -> list[str]:
    page = ask(person, words).content.decode()
    return [html.unescape(found) for found in re.findall(r'class="console-hit" href="([^"]+)"', page)]


def page_of(row: Any) -> str:
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk])


@pytest.mark.parametrize(
    "words",
    ["+989123456789", "09123456789", "0912 345 6789", "۰۹۱۲۳۴۵۶۷۸۹", "00989123456789", "٠٩١٢-٣٤٥-٦٧٨٩",
     KEY, "123.45", "۱۲۳٫۴۵"],
)  # fmt: skip
def test_an_entry_is_found_by_its_number_key_and_amount(sale: LedgerEntry, words: str) -> None:
    assert page_of(sale) in addresses(desk("support"), words)


def test_an_entry_is_found_by_its_id(sale: LedgerEntry) -> None:
    assert addresses(desk("support"), str(sale.pk)) == [page_of(sale)]


@pytest.mark.parametrize("words", ["0912 34", "+98912", "0098 9123", "98912345", "912345", "۰۹۱۲۳", "091234567"])
def test_a_beginning_finds_the_numbers_that_begin_so(sale: LedgerEntry, words: str) -> None:
    sell(sale.seller, "1.00", phone_number="+989199999999")
    [found] = [address for address in addresses(desk("support"), words) if "phone=" in address]
    assert found.endswith("phone=%2B989123456789")


def test_numbers_are_told_once_with_their_last_charge_and_only_a_few(seller: Seller) -> None:
    for last in range(8):
        for amount in ("1.00", "2.00"):
            sell(seller, amount, phone_number=f"+98912345678{last}")
    page = ask(desk("support"), "0912345678").content.decode()
    assert re.findall(r"<bdi>(\+98\d+)</bdi>", page) == [f"+98912345678{last}" for last in range(5)]
    assert page.count("last charge 2.00") == 5


@pytest.mark.parametrize(
    ("text", "beginning"),
    [("0912", "+98912"), ("00", None), ("", None), ("abc", None), ("0912a", None), ("+", None), ("9" * 20, None)],
)
def test_what_no_number_begins_with_is_no_beginning(text: str, beginning: str | None) -> None:
    assert beginning_of(text) == beginning


@pytest.mark.parametrize("words", ["jupiter", "SHIRAZ", "rech jup", "Jupiter Recharge Shiraz", "recharge, shiraz"])
def test_a_company_is_found_by_the_beginnings_of_its_words(seller: Seller, words: str) -> None:
    assert addresses(desk("support"), words) == [page_of(seller)]


def test_a_company_is_found_in_persian_by_email_by_phone_and_by_id(seller: Seller) -> None:
    persian = make_seller(company_name="فروشگاه مهر شیراز")
    Seller.objects.filter(pk=persian.pk).update(phone_number="+989351112233")
    for words in ("مهر", "شیر فرو", persian.email.upper(), str(persian.pk), "0935 111 22"):
        assert addresses(desk("support"), words) == [page_of(persian)]


def test_words_that_are_operators_of_the_index_find_nothing(seller: Seller) -> None:
    for words in ("' | ''", "a & ! b", "jupiter:*", "(shiraz", "\\'", "%%", "<->", "!!"):
        assert ask(desk("support"), words).status_code == 200


def test_a_request_is_found_by_its_id_key_and_amount_while_it_waits(seller: Seller) -> None:
    row = file_request(seller, "77.70", key="Top-Up-9")
    for words in (str(row.pk), "Top-Up-9", "77.70"):
        assert page_of(row) in addresses(desk("support"), words)
    CreditRequest.objects.filter(pk=row.pk).update(
        status="rejected", rejection_reason="no", processed_by=make_staff("admin"), processed_at=row.requested_at
    )
    assert addresses(desk("support"), "77.70") == []  # amounts of decided ones are the ledger's
    assert page_of(row) in addresses(desk("support"), str(row.pk))


def test_a_user_is_found_by_the_beginning_of_the_name(seller: Seller) -> None:
    user, staff = make_user(seller), make_staff("support")
    assert page_of(user) in addresses(desk("auditor"), user.username.upper())
    assert page_of(staff) in addresses(desk("auditor"), staff.username)
    # Pages of users are not for support, which finds the seller of a user on whose page the user is listed.
    assert addresses(desk("support"), user.username) == [page_of(seller)]
    assert addresses(desk("support"), staff.username) == []


def test_the_id_of_an_http_request_finds_its_steps_for_auditors_only(seller: Seller) -> None:
    AuditEvent.objects.create(action="verify", request_id="req-7f3a", subject_name="Jupiter")
    event = AuditEvent.objects.get(request_id="req-7f3a")
    assert addresses(desk("auditor"), "req-7f3a") == [page_of(event)]
    assert addresses(desk("support"), "req-7f3a") == []


@pytest.mark.parametrize("role", [*StaffRole.values, "superuser"])
def test_every_member_of_staff_finds_what_the_lists_show(sale: LedgerEntry, role: str) -> None:
    person = desk(superuser=True) if role == "superuser" else desk(role)
    for words in ("jupiter", KEY, "09123456789"):
        for address in addresses(person, words):
            assert person.client.get(address).status_code == 200


def test_strangers_sellers_and_staff_without_a_role_find_nothing(sale: LedgerEntry) -> None:
    assert ask(Desk(owner_of(sale.seller)), "jupiter").status_code == 302
    answer = ask(desk(), "jupiter")
    assert answer.status_code == 403 or b"console-hit" not in answer.content


def test_enter_on_a_single_result_opens_it_and_on_several_shows_them(sale: LedgerEntry) -> None:
    person = desk("support")
    alone = person.client.get(reverse("search"), {"q": "shiraz"})
    assert (alone.status_code, alone["Location"]) == (302, page_of(sale.seller))
    make_seller(company_name="Shiraz Mobile")
    page = person.client.get(reverse("search"), {"q": "shiraz"}).content.decode()
    assert "Shiraz Mobile" in page
    assert "Jupiter Recharge Shiraz" in page
    assert 'value="shiraz"' in page


@pytest.mark.parametrize("words", ["", "x", "x" * 256, "a\0b", "   "])
def test_words_that_cannot_be_searched_for_are_told(words: str) -> None:
    answer = ask(desk("support"), words)
    assert answer.status_code == 200
    assert "Type at least two characters." in answer.content.decode()


def test_names_are_escaped(seller: Seller) -> None:
    Seller.objects.filter(pk=seller.pk).update(company_name="Jupiter <script>alert(1)</script>")
    assert "<script>" not in ask(desk("support"), "jupiter").content.decode()


def test_the_box_is_on_every_page_and_the_themes_palette_on_none(seller: Seller) -> None:
    person = desk(superuser=True)
    for path in ("/admin/", page_of(seller), reverse("admin:transactions_ledgerentry_changelist"), "/admin/search/"):
        page = person.client.get(path).content.decode()
        assert page.count('id="console-search-box"') == 1
        assert "searchCommand" not in page


def plans_of_larger_tables(statements: list[str]) -> str:
    """Return the plans that PostgreSQL makes for tables of which it has no statistics, so it takes them for ten pages.

    What it gathered of other tests' few rows makes every index equally cheap. A superuser forgets it for a transaction.
    """
    login = database_login("superuser", connection.settings_dict["NAME"])
    plans = []
    with open_database(login) as database, database.cursor() as cursor:
        # Dear rows of an index: one that is read in part is cheaper than one that is read as a whole.
        cursor.execute("BEGIN; SET LOCAL enable_seqscan = off; SET LOCAL cpu_index_tuple_cost = 10")
        cursor.execute("DELETE FROM pg_statistic")
        cursor.execute(
            "UPDATE pg_class SET reltuples = -1, relpages = 0"
            " WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
        )
        for statement in statements:
            cursor.execute("EXPLAIN " + statement)
            plans += [row[0] for row in cursor.fetchall()]
        cursor.execute("ROLLBACK")
    # Few rows make it as cheap to skip through the sellers of the other index of phone numbers.
    return "\n".join(plans).replace("entry_by_seller_phone", "entry_by_phone")


ALWAYS = {"seller_email_unique", "seller_by_words", "user_by_beginning"}
ONE_WORD = ALWAYS | {"entry_key_unique", "credit_request_key_unique", "audit_by_request"}


@pytest.mark.parametrize(
    ("words", "indexes"),
    [
        ("jupiter recharge", ALWAYS),
        ("09123456789", ONE_WORD | {"entry_by_phone", "entry_by_amount", "seller_by_phone", "credit_request_open"}),
        ("0912 3", ALWAYS | {"entry_by_phone", "seller_by_phone"}),
        ("50000", ONE_WORD | {"entry_by_amount", "credit_request_open"}),
        ("0197f3a0-7c1e-7b6a-9d1f-3f6f0c2f8a11", ONE_WORD),
    ],
)
def test_every_lookup_is_served_by_an_index(sale: LedgerEntry, words: str, indexes: set[str]) -> None:
    person = desk(superuser=True)
    ask(person, words)
    with CaptureQueriesContext(connection) as queries:
        ask(person, words)
    lookups = [query["sql"] for query in queries if re.search("LIMIT|RECURSIVE", query["sql"])]
    assert len(lookups) <= 13
    # Of a few rows an index may be read for their order alone: here for what is looked up.
    plans = plans_of_larger_tables([re.sub(r" ORDER BY .* LIMIT \d+$", "", statement) for statement in lookups])
    assert "Seq Scan" not in plans
    assert indexes <= set(re.findall(r"(?:using|Scan on) (\w+)", plans)), plans
