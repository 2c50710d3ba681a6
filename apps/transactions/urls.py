from django.urls import path

import apps.accounts.urls  # noqa: F401  (the converter `seller_id`)
from apps.transactions.charges import views as charges
from apps.transactions.entries import views as entries
from apps.transactions.reconciliation import views as reconciliation
from apps.transactions.statements import views as statements

urlpatterns = [
    path("charges/", charges.ChargeListView.as_view(), name="charge-list"),
    path("charges/bulk/", charges.BulkChargeView.as_view(), name="charge-bulk"),
    path("transactions/", entries.EntryListView.as_view(), name="entry-list"),
    path("transactions/<uuid:entry_id>/", entries.EntryView.as_view(), name="entry"),
    path("transactions/<uuid:entry_id>/reverse/", entries.ReverseEntryView.as_view(), name="entry-reverse"),
    path("phone-numbers/", entries.PhoneNumberListView.as_view(), name="phone-number-list"),
    path("sellers/<seller_id:seller_id>/balance/", statements.BalanceView.as_view(), name="seller-balance"),
    path("sellers/<seller_id:seller_id>/statement/", statements.StatementView.as_view(), name="seller-statement"),
    path(
        "sellers/<seller_id:seller_id>/transactions/", entries.SellerEntryListView.as_view(), name="seller-entry-list"
    ),
    path(
        "sellers/<seller_id:seller_id>/reconciliation/",
        reconciliation.SellerReconciliationView.as_view(),
        name="seller-reconciliation",
    ),
    path("reconciliation/", reconciliation.ReconciliationView.as_view(), name="reconciliation"),
]
