"""Journeys of staff through the back office in a real browser, in the order of a day's work."""

import csv
from pathlib import Path
from typing import Any

import pytest

from functional_tests.browser.conftest import Person, Sit
from functional_tests.browser.server import Server

LEDGER = "/admin/transactions/ledgerentry/"
REQUESTS = "/admin/credit_requests/creditrequest/"
SUPPORT = ("sara", "quiet-lake-73-bell")


def balance_of(person: Person, company: str) -> str:
    person.visit("/admin/accounts/seller/")
    person.follow(company)
    return person.page.locator(".console-figures dd").first.inner_text()


def test_an_admin_verifies_a_seller(sit_down: Sit) -> None:
    admin = sit_down()
    admin.visit("/admin/")
    admin.photograph("login")
    admin.log_in("admin")
    admin.photograph("home")
    assert admin.sees("Sellers to verify")
    admin.follow("Saba Charge")
    admin.press("Verify")
    admin.photograph("verify-question")
    admin.press("Verify")
    assert admin.sees("done for Saba Charge")
    assert admin.page.locator(".console-good").first.inner_text() == "Active"
    assert admin.page.get_by_role("button", name="Verify", exact=True).count() == 0
    admin.photograph("seller")


def test_an_approver_approves_and_the_balance_grows(sit_down: Sit) -> None:
    approver = sit_down()
    approver.log_in("demo-approver")
    before = balance_of(approver, "Mehr Mobile")
    approver.visit(f"{REQUESTS}?state=open")
    approver.photograph("credit-requests")
    asked = approver.page.locator("tr", has_text="Mehr Mobile").filter(has_text="2,500,000.00")
    asked.locator("input.action-select").check()
    approver.page.select_option("select[name=action]", "approve")
    approver.page.locator("#changelist-form button[type=submit]:visible").first.click()
    approver.page.wait_for_load_state("networkidle")
    approver.photograph("approve-question")
    assert approver.sees("Balance after")
    approver.press("Approve")
    assert approver.sees("done for")
    approver.photograph("approved")
    assert (before, balance_of(approver, "Mehr Mobile")) == ("4,595,000.00\u00a0IRR", "7,095,000.00\u00a0IRR")


def test_an_approver_rejects_with_a_reason(sit_down: Sit) -> None:
    approver = sit_down()
    approver.log_in("demo-approver")
    approver.visit(f"{REQUESTS}?state=open")
    approver.page.locator("tr", has_text="Saba Charge").get_by_role("link", name="1,000,000.00").first.click()
    approver.press("Reject")
    approver.page.locator("textarea[name=reason]").evaluate("field => field.removeAttribute('required')")
    approver.press("Reject")
    assert approver.sees("This field is required")
    approver.page.fill("textarea[name=reason]", "The contract is not signed")
    approver.photograph("reject-question")
    approver.press("Reject")
    assert approver.sees("The contract is not signed")
    assert approver.page.get_by_role("button", name="Approve", exact=True).count() == 0
    approver.photograph("credit-request")


def test_two_admins_at_once_on_one_request_one_wins_and_the_other_is_told(sit_down: Sit, server: Server) -> None:
    filed = server.call("credit-requests/", {"amount": "333.00"}, server.token_of("demo-mehr-owner"))
    one, two = sit_down(), sit_down()
    for person, name in ((one, "admin"), (two, "demo-admin")):
        person.log_in(name)
        person.visit(f"{REQUESTS}{filed['id']}/change/")
        person.press("Approve")  # both look at the question
    one.press("Approve")
    assert one.sees("done for")
    two.press("Approve")
    assert two.sees("This credit request is approved.")
    assert not two.sees("done for")
    two.photograph("already-approved")


def test_an_admin_filters_and_exports_the_ledger(sit_down: Sit, tmp_path: Path) -> None:
    admin = sit_down()
    admin.log_in("admin")
    admin.visit(LEDGER)
    admin.page.locator("button", has_text="Filters").first.click()
    admin.page.wait_for_timeout(400)
    admin.photograph("ledger-filters")
    admin.page.fill("#filter-form input[name=phone]", "0912 100 0001")
    admin.page.get_by_role("button", name="Apply filters").first.click()
    admin.page.wait_for_load_state("networkidle")
    admin.photograph("ledger-filtered")
    shown = admin.page.locator("tbody input.action-select").count()
    with admin.page.expect_download() as download:
        admin.page.get_by_role("link", name="Export CSV").click()
    saved = tmp_path / "ledger.csv"
    download.value.save_as(saved)
    remark, *lines = saved.read_text(encoding="utf-8").splitlines()
    assert remark == "# Phone number: 0912 100 0001"
    rows = list(csv.DictReader(lines))
    assert len(rows) == shown == 2
    assert {row["phone_number"] for row in rows} == {"+989121000001"}


def test_an_admin_reverses_a_charge(sit_down: Sit) -> None:
    admin = sit_down()
    admin.log_in("admin")
    before = balance_of(admin, "Mehr Mobile")
    admin.visit(f"{LEDGER}?phone=%2B989901000004")
    admin.photograph("ledger")
    admin.page.locator("tbody th a, tbody td a").first.click()
    admin.page.wait_for_load_state("networkidle")
    admin.press("Reverse")
    admin.page.fill("textarea[name=reason]", "Wrong number")
    admin.photograph("reverse-question")
    admin.press("Reverse")
    assert admin.sees("a reversal")
    admin.photograph("reversed")
    after = balance_of(admin, "Mehr Mobile")
    amounts = [float(shown.split()[0].replace(",", "")) for shown in (before, after)]
    assert amounts[1] - amounts[0] == 10_000


def test_support_finds_no_button_that_it_may_not_use(sit_down: Sit) -> None:
    admin = sit_down()
    admin.log_in("admin")
    admin.visit("/admin/accounts/user/add/")
    admin.page.fill("input[name=username]", SUPPORT[0])
    admin.page.fill("input[name=password1]", SUPPORT[1])
    admin.page.fill("input[name=password2]", SUPPORT[1])
    admin.page.select_option("select[name=groups]", label="Support: reads sellers, credit requests and the ledger")
    admin.photograph("user-add")
    admin.press("Save")
    support = sit_down()
    support.log_in(*SUPPORT)
    support.photograph("home-of-support")
    for name in ("Reconciliations", "Users", "Sessions", "Audit trail"):
        assert support.page.get_by_role("link", name=name, exact=True).count() == 0
    for path in ("accounts/seller", "credit_requests/creditrequest", "transactions/ledgerentry", "transactions/wallet"):
        support.visit(f"/admin/{path}/")
        for action in ("verify", "suspend", "reactivate", "approve", "reject", "reverse"):
            assert support.page.locator(f"option[value={action}]").count() == 0
        support.page.locator("tbody th a, tbody td a").first.click()
        support.page.wait_for_load_state("networkidle")
        for button in ("Save", "Verify", "Suspend", "Reactivate", "Approve", "Reject", "Reverse", "Delete"):
            assert support.page.get_by_role("button", name=button, exact=True).count() == 0, (path, button)
    refused = support.context.request.get(support.server.address + "/admin/accounts/auditevent/")
    assert refused.status == 403


def test_an_auditor_reads_the_trail_and_reconciles(sit_down: Sit) -> None:
    admin = sit_down()
    admin.log_in("admin")
    admin.visit("/admin/transactions/reconciliationrun/")
    admin.press("Reconcile now")
    assert admin.sees("Balances and ledger agree.")
    admin.photograph("reconciliations")
    admin.visit("/admin/accounts/auditevent/")
    assert admin.sees("127.0.0.1")
    assert admin.sees("reverse")
    admin.photograph("audit-trail")
    for path in ("accounts/user", "accounts/session", "transactions/wallet"):
        admin.visit(f"/admin/{path}/")
        admin.photograph(path.replace("/", "-"))


PHONE = {"viewport": {"width": 390, "height": 844}, "is_mobile": True}
LOOKS: dict[str, dict[str, Any]] = {
    "light": {},
    "dark": {"color_scheme": "dark"},
    "phone": {**PHONE, "has_touch": True},
    "persian": {"locale": "fa"},
    "persian-phone-dark": {**PHONE, "locale": "fa", "color_scheme": "dark"},
}
# Lists, and pages of one row: the link to the first one in a list. In most looks all; in these a few.
FEW = {"light": {"home", "seller"}, "persian-phone-dark": {"home", "ledger", "seller", "question"}}
LISTS = {
    "home": "/admin/",
    "sellers": "/admin/accounts/seller/",
    "credit-requests": REQUESTS,
    "ledger": LEDGER,
    "ledger-search": f"{LEDGER}?phone=%2B989121000001&amount_from=1",
    "ledger-unreadable": f"{LEDGER}?created_at_from=31/10/2026&amount_from=lots&type=charge_sale",
    "search": "/admin/search/?q=0912",
    "search-in-vain": "/admin/search/?q=nothing-has-this-name",
    "wallets": "/admin/transactions/wallet/",
    "reconciliations": "/admin/transactions/reconciliationrun/",
    "users": "/admin/accounts/user/",
    "user-add": "/admin/accounts/user/add/",
    "sessions": "/admin/accounts/session/",
    "audit-trail": "/admin/accounts/auditevent/",
    "my-sessions": "/admin/my-sessions/",
    "proposals": "/admin/accounts/proposal/",
    "api-clients": "/admin/accounts/apiclient/",
    "webhook-endpoints": "/admin/notifications/webhookendpoint/",
    "webhook-deliveries": "/admin/notifications/webhookdelivery/",
    "events": "/admin/outbox/event/",
    "deliveries": "/admin/delivery/delivery/",
    "operators": "/admin/delivery/operator/",
    "operator-add": "/admin/delivery/operator/add/",
    "number-ranges": "/admin/delivery/numberrange/",
    "prices": "/admin/delivery/priceterms/",
    "prices-add": "/admin/delivery/priceterms/add/",
    "operators-books": "/admin/delivery/bookcomparison/",
}
ROWS = {
    "entry": (LEDGER, "tbody th a, tbody td a"),
    "credit-request": (REQUESTS, "tbody th a"),
    "user": ("/admin/accounts/user/", "tbody th a"),
    "session": ("/admin/accounts/session/", "tbody th a"),
    "seller": ("/admin/accounts/seller/?q=Mehr", "tbody th a"),
}


@pytest.mark.parametrize("look", LOOKS)
def test_every_page_in_the_dark_on_a_phone_and_in_persian(look: str, sit_down: Sit) -> None:
    person = sit_down(**LOOKS[look])
    person.log_in("admin")
    assert person.page.get_attribute("html", "dir") == ("rtl" if "persian" in look else "ltr")
    wanted = FEW.get(look, {*LISTS, *ROWS, "question"})
    barriers: list[str] = []

    def keep(name: str) -> None:
        person.photograph(f"{name}-{look}")
        assert not hangs_over(person), name
        barriers.extend(f"{name}: {found}" for found in person.barriers())

    for name in [name for name in LISTS if name in wanted]:
        person.visit(LISTS[name])
        keep(name)
    for name in [name for name in ROWS if name in wanted]:
        path, first = ROWS[name]
        person.visit(path)
        person.visit(str(person.page.locator(first).first.get_attribute("href")))
        keep(name)
    if "question" in wanted:  # the last page is a seller's
        person.page.locator("button[name=action][value=suspend]").click()
        person.page.wait_for_load_state("networkidle")
        keep("question")
    assert barriers == []


def hangs_over(person: Person) -> bool:
    """Tell whether something of the page is wider than the window."""
    width = int(person.page.evaluate("document.documentElement.scrollWidth"))
    return width > int(person.page.evaluate("window.innerWidth"))
