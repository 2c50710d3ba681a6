from django.urls import path

from apps.delivery import views

urlpatterns = [
    path("operators/", views.OperatorListView.as_view(), name="operator-list"),
    path("operators/lookup/", views.LookupView.as_view(), name="operator-lookup"),
    path("deliveries/", views.DeliveryListView.as_view(), name="delivery-list"),
    path("deliveries/<uuid:delivery_id>/", views.DeliveryView.as_view(), name="delivery"),
    path("deliveries/<uuid:delivery_id>/resolve/", views.ResolveView.as_view(), name="delivery-resolve"),
]
