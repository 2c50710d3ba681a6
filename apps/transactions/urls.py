from django.urls import path

from apps.transactions.charges.bulk import BulkChargeView
from apps.transactions.entries import views
from apps.transactions.statements import views as statement_views

urlpatterns = [
    path("charges/", views.ChargeListView.as_view(), name="charge-list"),
    path("charges/bulk/", BulkChargeView.as_view(), name="charge-bulk"),
    path("transactions/", views.EntryListView.as_view(), name="entry-list"),
    path("transactions/<uuid:entry_id>/", views.EntryView.as_view(), name="entry"),
    path("transactions/<uuid:entry_id>/reverse/", views.ReverseEntryView.as_view(), name="entry-reverse"),
    path("phone-numbers/", views.PhoneNumberListView.as_view(), name="phone-number-list"),
    path("sellers/<seller_id:seller_id>/balance/", statement_views.BalanceView.as_view(), name="seller-balance"),
    path("sellers/<seller_id:seller_id>/statement/", statement_views.StatementView.as_view(), name="seller-statement"),
    path("sellers/<seller_id:seller_id>/transactions/", views.SellerEntryListView.as_view(), name="seller-entry-list"),
    path(
        "sellers/<seller_id:seller_id>/reconciliation/",
        views.SellerReconciliationView.as_view(),
        name="seller-reconciliation",
    ),
    path("reconciliation/", views.ReconciliationView.as_view(), name="reconciliation"),
]
