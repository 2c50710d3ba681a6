"""The statement of a seller's month, as a file."""

from typing import cast
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext

from apps.accounts import audit
from apps.accounts.models import AuditAction, Seller, User
from apps.accounts.roles import STAFF
from apps.console.framework.display import is_persian
from apps.console.framework.role_admin import has_role
from apps.core.errors import DomainError
from apps.core.values.business_day import business_day
from apps.core.values.months import Month
from apps.transactions.statements.export import statement_csv, statement_pdf
from apps.transactions.statements.selectors import get_statement

MOST_MONTHS = 36
_FILES = {"pdf": statement_pdf, "csv": statement_csv}


def months_of(seller: Seller) -> list[Month]:
    """Return the months since a seller's registration, in the reader's calendar, this one first."""
    month = Month.of(business_day(timezone.now()), is_jalali=is_persian())
    months = [month]
    while months[-1].begin > seller.created_at and len(months) < MOST_MONTHS:
        months.append(months[-1].previous)
    return months


def statement(request: HttpRequest, seller_id: UUID) -> HttpResponseBase:
    """Answer with the file; one that cannot be made is told on the seller's page."""
    if not has_role(request, STAFF):
        raise PermissionDenied
    seller = Seller.objects.filter(pk=seller_id).first()
    if seller is None:
        raise Http404
    try:
        month = Month.read(request.GET.get("month", ""))
        found = get_statement(seller.pk, begin=month.begin, end=month.end)
        answer = _FILES.get(request.GET.get("format", ""), statement_pdf)(found, seller)
    except (DomainError, ValueError) as error:
        messages.error(request, gettext(str(error)))
        return HttpResponseRedirect(reverse("admin:accounts_seller_change", args=[seller.pk]))
    detail = f"{request.GET.get('format')} {month}"
    audit.record(AuditAction.EXPORT_LEDGER, seller, actor_id=cast("User", request.user).pk, detail=detail)
    return answer
