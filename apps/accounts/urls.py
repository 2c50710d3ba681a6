from django.urls import path, register_converter
from django.urls.converters import UUIDConverter

from apps.accounts.clients import views as clients
from apps.accounts.second_factor.views import StepUpView
from apps.accounts.sellers import views as sellers
from apps.accounts.sessions import views as sessions
from apps.accounts.users import views as users


class SellerIdConverter(UUIDConverter):
    """A seller's id, or `me`."""

    regex = f"me|{UUIDConverter.regex}"

    def to_python(self, value: str):  # type: ignore[no-untyped-def]  # UUID or "me"; the base class says UUID only
        return value if value == "me" else super().to_python(value)


register_converter(SellerIdConverter, "seller_id")

urlpatterns = [
    path("auth/seller/register/", sellers.RegisterView.as_view(), name="register"),
    path("auth/seller/login/", sessions.SellerLoginView.as_view(), name="seller-login"),
    path("auth/admin/login/", sessions.AdminLoginView.as_view(), name="admin-login"),
    path("auth/refresh/", sessions.RefreshView.as_view(), name="refresh"),
    path("auth/logout/", sessions.LogoutView.as_view(), name="logout"),
    path("auth/logout-everywhere/", sessions.LogoutEverywhereView.as_view(), name="logout-everywhere"),
    path("auth/token/", clients.TokenView.as_view(), name="token"),
    path("auth/password/", users.PasswordView.as_view(), name="password"),
    path("auth/step-up/", StepUpView.as_view(), name="step-up"),
    path("auth/me/", users.MeView.as_view(), name="me"),
    path("sellers/", sellers.SellerListView.as_view(), name="seller-list"),
    path("sellers/me/users/", users.SellerUserListView.as_view(), name="seller-user-list"),
    path("sellers/me/users/<uuid:user_id>/", users.SellerUserView.as_view(), name="seller-user"),
    path("api-clients/", clients.ApiClientListView.as_view(), name="api-client-list"),
    path("api-clients/<uuid:client_id>/", clients.ApiClientView.as_view(), name="api-client"),
    path("api-clients/<uuid:client_id>/rotate-secret/", clients.RotateSecretView.as_view(), name="rotate-secret"),
    path("sellers/<seller_id:seller_id>/", sellers.SellerView.as_view(), name="seller"),
    path("sellers/<uuid:seller_id>/verify/", sellers.VerifySellerView.as_view(), name="seller-verify"),
    path("sellers/<uuid:seller_id>/suspend/", sellers.SuspendSellerView.as_view(), name="seller-suspend"),
    path("sellers/<uuid:seller_id>/reactivate/", sellers.ReactivateSellerView.as_view(), name="seller-reactivate"),
]
