from django.urls import path

from apps.credit_requests import views

urlpatterns = [
    path("credit-requests/", views.CreditRequestListView.as_view(), name="credit-request-list"),
    path("credit-requests/<uuid:credit_request_id>/", views.CreditRequestView.as_view(), name="credit-request"),
    path(
        "credit-requests/<uuid:credit_request_id>/approve/", views.ApproveView.as_view(), name="credit-request-approve"
    ),
    path("credit-requests/<uuid:credit_request_id>/reject/", views.RejectView.as_view(), name="credit-request-reject"),
    path("credit-requests/<uuid:credit_request_id>/cancel/", views.CancelView.as_view(), name="credit-request-cancel"),
]
