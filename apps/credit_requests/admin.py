"""Credit requests in the back office: decided by the same services as in the API, never by a form."""

from typing import cast

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.accounts.confirmed_steps import ReasonForm, Step, take_step
from apps.accounts.models import User
from apps.accounts.role_admin import RoleAdmin
from apps.credit_requests import services
from apps.credit_requests.models import CreditRequest


@admin.register(CreditRequest)
class CreditRequestAdmin(RoleAdmin):
    list_display = ("seller", "amount", "status", "requested_at", "requested_by", "processed_by", "processed_at")
    list_select_related = ("seller", "requested_by", "processed_by")
    list_filter = ("status",)
    search_fields = ("seller__company_name", "seller__email")
    actions = ("approve", "reject")

    @admin.action(description=gettext_lazy("Approve"), permissions=["approve"])
    def approve(self, request: HttpRequest, queryset: QuerySet[CreditRequest]) -> HttpResponse:
        approver = cast("User", request.user)
        step = Step(
            title=_("Approve credit requests"),
            button=_("Approve"),
            run=lambda row, answers: services.approve_credit_request(credit_request_id=row.pk, approved_by=approver),
        )
        return take_step(self, request, queryset, step)

    @admin.action(description=gettext_lazy("Reject"), permissions=["approve"])
    def reject(self, request: HttpRequest, queryset: QuerySet[CreditRequest]) -> HttpResponse:
        rejecter = cast("User", request.user)
        step = Step(
            title=_("Reject credit requests"),
            button=_("Reject"),
            run=lambda row, answers: services.reject_credit_request(
                credit_request_id=row.pk, rejected_by=rejecter, reason=answers["reason"]
            ),
            form_class=ReasonForm,
            is_dangerous=True,
        )
        return take_step(self, request, queryset, step)
