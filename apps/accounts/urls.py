from django.urls import path, register_converter
from django.urls.converters import UUIDConverter

from apps.accounts.sellers import views
from apps.accounts.users import views as user_views


class SellerIdConverter(UUIDConverter):
    """A seller's id, or `me`."""

    regex = f"me|{UUIDConverter.regex}"

    def to_python(self, value: str):  # type: ignore[no-untyped-def]  # UUID or "me"; the base class says UUID only
        return value if value == "me" else super().to_python(value)


register_converter(SellerIdConverter, "seller_id")

urlpatterns = [
    path("auth/seller/register/", views.RegisterView.as_view(), name="register"),
    path("auth/seller/login/", views.SellerLoginView.as_view(), name="seller-login"),
    path("auth/admin/login/", views.AdminLoginView.as_view(), name="admin-login"),
    path("auth/refresh/", views.RefreshView.as_view(), name="refresh"),
    path("auth/logout/", views.LogoutView.as_view(), name="logout"),
    path("auth/me/", views.MeView.as_view(), name="me"),
    path("sellers/", views.SellerListView.as_view(), name="seller-list"),
    path("sellers/me/users/", user_views.SellerUserListView.as_view(), name="seller-user-list"),
    path("sellers/me/users/<uuid:user_id>/", user_views.SellerUserView.as_view(), name="seller-user"),
    path("sellers/<seller_id:seller_id>/", views.SellerView.as_view(), name="seller"),
    path("sellers/<uuid:seller_id>/verify/", views.VerifySellerView.as_view(), name="seller-verify"),
    path("sellers/<uuid:seller_id>/suspend/", views.SuspendSellerView.as_view(), name="seller-suspend"),
    path("sellers/<uuid:seller_id>/reactivate/", views.ReactivateSellerView.as_view(), name="seller-reactivate"),
]
