"""`make bench-pages`: open every page of the back office over a large ledger, and print the scans that read it.

Prints a table and exits with 1 if a page reads the whole ledger or is slower than it may be.
"""

import argparse
import re
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from apps.core.database.embedded.server import EmbeddedPostgres
from apps.core.database.roles import open_database
from functional_tests.performance.benchmark.bench_data import default_home
from functional_tests.performance.benchmark.stage import open_stage

SLOWEST_MILLISECONDS = 200
SLOWEST_FILE_MILLISECONDS = 5_000  # of statements and exports, until they begin
TRAIL_ROWS = 200_000
ROUNDS = 3  # of which the fastest counts: others may be busy on the machine
LEDGER = "transactions_ledgerentry"

# Logins and steps of some years, which the generator of ledgers does not make.
_FILL = """
INSERT INTO accounts_session (id, user_id, refresh_jti, created_at, expires_at)
SELECT uuidv7(make_interval(secs => -n)), %(user)s, 'x', now() - make_interval(secs => n), now()
FROM generate_series(1, %(rows)s) n;
INSERT INTO accounts_auditevent
    (id, at, actor_id, address, action, subject, subject_id, subject_name, detail, request_id)
SELECT uuidv7(make_interval(secs => -n)), now() - make_interval(secs => n), %(user)s, '10.0.0.1',
       CASE n %% 3 WHEN 0 THEN 'approve' WHEN 1 THEN 'change' ELSE 'log in' END, 'accounts.seller', %(seller)s,
       'Seller 1', '', '-'
FROM generate_series(1, %(rows)s) n"""


@dataclass(frozen=True, slots=True)
class Opened:
    """Cost of one page."""

    name: str
    path: str
    queries: int
    milliseconds: float
    scans: Sequence[str]

    @property
    def is_fine(self) -> bool:
        """Tell whether it read no more of the ledger than it had to, in time."""
        limit = SLOWEST_FILE_MILLISECONDS if "file" in self.name else SLOWEST_MILLISECONDS
        return not any(scan.startswith("Seq Scan") for scan in self.scans) and self.milliseconds < limit


def main(arguments: Sequence[str]) -> int:
    """Open the pages and return the exit code."""
    parser = argparse.ArgumentParser(prog="make bench-pages", description=__doc__)
    parser.add_argument("--home", type=Path, default=default_home(), help="made by make bench-data")
    options = parser.parse_args(arguments)
    with open_stage(options.home.resolve()) as postgres:
        opened = list(_open_all(postgres))
    print(f"\n{_table(opened)}")
    wrong = [page.name for page in opened if not page.is_fine]
    if wrong:
        print(f"Slow, or reads the whole ledger: {', '.join(wrong)}", file=sys.stderr)
    return 1 if wrong else 0


def _open_all(postgres: EmbeddedPostgres) -> Iterator[Opened]:
    from django.db import connection
    from django.test import Client
    from django.test.utils import setup_test_environment

    from apps.transactions.totals import summaries

    while summaries.add_next_batch():
        pass
    setup_test_environment()
    client = Client(headers={"Host": "127.0.0.1"})
    client.force_login(_staff(postgres))
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT reltuples::bigint FROM pg_class WHERE relname = '{LEDGER}'")
        print(f"{cursor.fetchone()[0]:,} entries")
    for name, path in _pages():
        found = min((_open(client, name, path) for _ in range(ROUNDS)), key=lambda opened: opened.milliseconds)
        print(f"{found.milliseconds:7.0f} ms  {found.queries:3} queries  {name}: {', '.join(found.scans)}", flush=True)
        yield found


def _open(client: Any, name: str, path: str) -> Opened:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as captured:
        began = time.perf_counter()
        answer = client.get(path)
        if answer.streaming:
            next(iter(answer.streaming_content))
        taken = (time.perf_counter() - began) * 1_000
    is_only_result = answer.status_code == 302 and path.startswith("/admin/search/")
    assert answer.status_code == 200 or is_only_result, (path, answer.status_code)
    statements = [query["sql"] for query in captured if LEDGER in query["sql"] and "SELECT" in query["sql"]]
    scans = dict.fromkeys(scan for statement in statements for scan in _scans_of_ledger(statement))
    return Opened(name, path, len(captured), taken, tuple(scans))


def _scans_of_ledger(statement: str) -> Iterator[str]:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (FORMAT JSON) {statement}")
        [plan] = cursor.fetchone()[0]
    yield from _walk(plan["Plan"])


def _walk(node: dict[str, Any]) -> Iterator[str]:
    if node.get("Relation Name") == LEDGER or node.get("Index Name", "").startswith(("entry_", LEDGER)):
        kind = re.sub("^Parallel ", "", node["Node Type"])
        yield f"{kind} {node.get('Index Name', '')}".strip()
    for child in node.get("Plans", ()):
        yield from _walk(child)


def _staff(postgres: EmbeddedPostgres) -> Any:
    """Make up a long audit trail and many logins; return a superuser."""
    from apps.accounts.models import AuditEvent, Seller, User

    user, _made = User.objects.get_or_create(username="bench-pages", is_staff=True, is_superuser=True)
    if AuditEvent.objects.count() < TRAIL_ROWS:
        with open_database(postgres.connection("superuser")) as superuser:
            seller = str(Seller.objects.latest("pk").pk)
            superuser.cursor().execute(_FILL, {"user": str(user.pk), "seller": seller, "rows": TRAIL_ROWS})
    with open_database(postgres.connection("superuser")) as superuser:
        superuser.cursor().execute("ANALYZE")
    return user


def _pages() -> Iterator[tuple[str, str]]:
    """Yield name and address of every page, and of every filter that could cost something."""
    from django.contrib import admin
    from django.urls import reverse

    from apps.transactions.models import LedgerEntry, Wallet

    yield "home", reverse("admin:index")
    largest = Wallet.objects.latest("sequence")
    sale = LedgerEntry.objects.filter(seller_id=largest.pk, type="charge_sale").earliest("id")
    rows = {
        "seller": largest.pk,
        "wallet": largest.pk,
        "ledgerentry": sale.pk,
        "user": largest.seller.users.earliest("pk").pk,
    }
    for model in admin.site._registry:
        prefix, name = f"admin:{model._meta.app_label}_{model._meta.model_name}", str(model._meta.verbose_name)
        page = reverse(f"{prefix}_changelist")
        yield f"list: {name}", page
        yield from (
            (f"list: {name}, {words}", page + query) for words, query in _variants(model._meta.model_name or "")
        )
        row = rows.get(model._meta.model_name or "") or model._default_manager.values_list("pk", flat=True).first()
        if row is not None:
            yield f"page: {name}", reverse(f"{prefix}_change", args=[row])
    yield from ((f"ledger: {words}", page) for words, page in _ledger_pages(sale))
    yield from ((f"search: {words}", f"{reverse('search')}?q={quote(text)}") for words, text in _searches(sale))
    yield from ((f"seller: {words}", page) for words, page in _seller_pages(largest.pk))


def _variants(model: str) -> Iterator[tuple[str, str]]:
    if model in ("seller", "user", "wallet", "creditrequest", "session", "auditevent"):
        yield "searched in vain", "?q=this-name-is-not-there"
    if model in ("session", "auditevent"):
        day = "created_at" if model == "session" else "at"
        yield "of two days", f"?{day}_from=2026-11-01&{day}_to=2026-11-02"
    if model == "auditevent":
        yield "of one action", "?action=reverse"
        yield "of one kind", "?subject=transactions.wallet"
    if model == "creditrequest":
        yield "waiting", "?state=open"
    if model == "user":
        yield "admins", "?staff_role=admin"


def _ledger_pages(sale: Any) -> Iterator[tuple[str, str]]:
    from django.urls import reverse

    from apps.core.values.business_day import business_day
    from apps.transactions.models import LedgerEntry

    page = reverse("admin:transactions_ledgerentry_changelist")
    seller, day = f"seller={sale.seller_id}", business_day(sale.created_at)
    phone = f"phone={sale.phone_number.replace('+', '%2B')}"
    middle = LedgerEntry.objects.order_by("-id").values_list("pk", flat=True)[100_000]
    yield "from the middle", f"{page}?before={middle}"
    yield "backward from the middle", f"{page}?after={middle}"
    yield "a phone number", f"{page}?{phone}"
    yield "two days", f"{page}?created_at_from={day}&created_at_to={day}"
    for type_ in ("charge_sale", "credit_increase", "reversal"):
        yield f"type {type_}", f"{page}?type={type_}"
        yield f"seller, type {type_}", f"{page}?{seller}&type={type_}"
    yield "seller", f"{page}?{seller}"
    yield "seller, a phone number", f"{page}?{seller}&{phone}"
    for words, amount in (
        ("an amount that many have", "amount_from=1"),
        ("an amount that none has", "amount_from=99999999"),
    ):
        yield words, f"{page}?{amount}"
        yield f"seller, {words}", f"{page}?{seller}&{amount}"
        yield f"type reversal, {words}", f"{page}?type=reversal&{amount}"
        yield f"a phone number, {words}", f"{page}?{phone}&{amount}"
    yield "export file", reverse("admin:transactions_ledgerentry_export") + f"?{seller}"


def _searches(sale: Any) -> Iterator[tuple[str, str]]:
    company = sale.seller.company_name
    yield "a phone number", sale.phone_number
    yield "a phone number of nobody", "09990000000"
    yield "a beginning that all numbers have", "0912"
    yield "a beginning", f"0{sale.phone_number[3:9]}"
    yield "a company", company
    yield "a word of all companies", company.split()[0]
    yield "a name of nothing", "this-name-is-not-there"
    yield "a user", f"owner-{str(sale.created_by_id)[:8]}"
    yield "an id", str(sale.pk)
    yield "an id of nothing", "0197f3a0-7c1e-7b6a-9d1f-3f6f0c2f8a11"
    yield "a key", sale.idempotency_key or "a-key-of-nothing"
    yield "a frequent amount", str(sale.amount)
    yield "an amount of nothing", "77.77"


def _seller_pages(seller_id: Any) -> Iterator[tuple[str, str]]:
    from django.urls import reverse

    from apps.core.values.months import Month
    from apps.transactions.models import LedgerEntry

    page = reverse("admin:accounts_seller_change", args=[seller_id])
    entries = LedgerEntry.objects.filter(seller_id=seller_id)
    middle = entries.get(sequence=entries.latest("sequence").sequence // 2).created_at
    yield "timeline from the middle", f"{page}?before={middle.timestamp():.3f}"
    statement, month = reverse("admin:accounts_seller_statement", args=[seller_id]), Month.of(middle, is_jalali=False)
    yield "a month as CSV file", f"{statement}?month={month}&format=csv"
    statement = reverse("admin:accounts_seller_statement", args=[_seller_of_a_long_pdf()])
    yield "a month as PDF file", f"{statement}?month={month}&format=pdf"


def _seller_of_a_long_pdf() -> Any:
    """Return the largest seller whose months a PDF may always list."""
    from apps.transactions.models import Wallet
    from apps.transactions.statements.export import MOST_PDF_ENTRIES

    return Wallet.objects.filter(sequence__lte=MOST_PDF_ENTRIES).latest("sequence").pk


def _table(opened: Sequence[Opened]) -> str:
    lines = ["| page | queries | ms | ledger read by |", "|---|---|---|---|"]
    for page in opened:
        indexes = dict.fromkeys(_index(scan) for scan in page.scans)
        lines.append(f"| {page.name} | {page.queries} | {page.milliseconds:,.0f} | {', '.join(indexes)} |")
    return "\n".join(lines)


def _index(scan: str) -> str:
    """Return the index of a scan; a scan without one is named in full."""
    index = scan.rpartition("Scan ")[2]
    return index.replace(f"{LEDGER}_pkey", "primary key") if "Scan " in scan else scan


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
