"""Steps that are asked about before they are taken: on one row or on many, each by its own service call.

A step is an admin action. Its first POST shows a page that says what will happen; the second, with the form of that
page, does it and reports the outcome of each row. The page's buttons and the list's action menu share this one way, so
Django's check of an action's permission guards both.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.core.exceptions import PermissionDenied
from django.db import OperationalError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from apps.console.framework.display import show_number
from apps.console.framework.role_admin import RoleAdmin
from apps.core.errors import DomainError

MOST_ROWS = 200


class EmptyForm(forms.Form):
    """Nothing to fill in: the button is the answer."""


class ReasonForm(forms.Form):
    """Why; the answer is kept with the row and in the audit trail."""

    reason = forms.CharField(
        label=gettext_lazy("Reason"), max_length=500, widget=forms.Textarea(attrs={"rows": 3, "class": "console-input"})
    )


@dataclass(frozen=True, slots=True)
class Preview:
    """What the question shows besides the rows: a few cells for each, and sums."""

    columns: Sequence[str] = ()
    cells: Sequence[Sequence[object]] = ()
    summary: Sequence[tuple[str, object]] = ()


def _show_rows_only(rows: Sequence[Any]) -> Preview:
    return Preview(cells=[()] * len(rows))


@dataclass(frozen=True, slots=True)
class Step:
    """What is asked and what is done. `run(row, cleaned_data)` calls a service, which may refuse."""

    title: str
    button: str
    run: Callable[[Any, Mapping[str, Any]], object]
    form_class: type[forms.Form] = EmptyForm
    is_dangerous: bool = False
    preview: Callable[[Sequence[Any]], Preview] = _show_rows_only


def take_step(model_admin: RoleAdmin, request: HttpRequest, queryset: QuerySet[Any], step: Step) -> HttpResponse:
    """Ask about `step`, or take it if the question was answered."""
    rows = list(queryset[: MOST_ROWS + 1])
    if not rows or len(rows) > MOST_ROWS:
        messages.warning(
            request,
            _("Choose at most %(most)s rows.") % {"most": show_number(MOST_ROWS)} if rows else _("Choose a row."),
        )
        return HttpResponseRedirect(request.get_full_path())
    form = step.form_class(request.POST if "confirmed" in request.POST else None)
    if "confirmed" in request.POST and form.is_valid():
        _take(model_admin, request, rows, step, form.cleaned_data)
        return HttpResponseRedirect(model_admin.way_back(request))
    return TemplateResponse(request, "admin/confirm_step.html", _context(model_admin, request, rows, step, form))


def _take(
    model_admin: RoleAdmin, request: HttpRequest, rows: Sequence[Any], step: Step, answers: Mapping[str, Any]
) -> None:
    done = []
    for row in rows:
        try:
            step.run(row, answers)
        except (DomainError, PermissionDenied, OperationalError) as error:
            messages.error(request, f"{model_admin.shown_name(row)}: {_refusal(error)}")
        else:
            done.append(model_admin.shown_name(row))
            said = "; ".join(f"{name}: {value}" for name, value in answers.items())
            model_admin.log_change(request, row, f"{step.title}. {said}".strip())
    if done:
        text = ngettext("%(step)s: done for %(rows)s.", "%(step)s: done for %(count)s: %(rows)s.", len(done))
        messages.success(request, text % {"step": step.title, "count": show_number(len(done)), "rows": ", ".join(done)})


def _refusal(error: Exception) -> str:
    if isinstance(error, DomainError):
        return _(error.message)
    if isinstance(error, OperationalError):
        return _("The database is busy; nothing happened. Try again.")
    return _("Your role may not do this.")


def _with_cells(rows: Sequence[Any], preview: Preview) -> list[tuple[Any, Sequence[object]]]:
    return list(zip(rows, preview.cells, strict=True))


def _context(
    model_admin: RoleAdmin, request: HttpRequest, rows: Sequence[Any], step: Step, form: forms.Form
) -> dict[str, Any]:
    preview = step.preview(rows)
    return {
        **model_admin.admin_site.each_context(request),
        "title": step.title,
        "opts": model_admin.opts,
        "model_admin": model_admin,
        "step": step,
        "form": form,
        "preview": preview,
        "rows": [(row, list(zip(preview.columns, cells, strict=True))) for row, cells in _with_cells(rows, preview)],
        "checkbox_name": ACTION_CHECKBOX_NAME,
        "action_name": request.POST.getlist("action")[int(request.POST.get("index", 0))],
        "next": model_admin.way_back(request),
    }
