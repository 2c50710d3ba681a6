"""Confirmed steps: actions that ask before they act, on one row or on many, each row by its own service call.

The first POST shows a page that foretells the outcome; the second, with that page's form, acts and reports each row's
outcome. Buttons of a row's page post to the list's action, so one check of the action's permission guards both.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.core.exceptions import PermissionDenied
from django.db import OperationalError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from apps.accounts.models import Proposal, User
from apps.console.framework.display import aligned, show_number
from apps.console.framework.role_admin import WAITS, RoleAdmin
from apps.console.framework.second_factor import CODE, ask_for_code
from apps.core.database.errors import OutcomeUnknown
from apps.core.errors import DomainError

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

Answers = Mapping[str, Any]
MOST_ROWS = 200


class StepForm(forms.Form):
    """The answers to a step on `rows`; without a field, the button is the answer."""

    def __init__(self, data: Any = None, *, rows: Sequence[Any]) -> None:
        super().__init__(data)


class ReasonForm(StepForm):
    """The reason of a step, kept with the row and in the audit trail."""

    reason = forms.CharField(
        label=gettext_lazy("Reason"), max_length=500, widget=forms.Textarea(attrs={"rows": 3, "class": "console-input"})
    )


@dataclass(frozen=True, slots=True)
class Preview:
    """The foretold outcome: some cells for each row, sums, and the rows that the button takes with them (`taken`)."""

    columns: "Sequence[StrOrPromise]" = ()
    cells: Sequence[Sequence[object]] = ()
    summary: "Sequence[tuple[StrOrPromise, object]]" = ()
    taken: Sequence[bool] | None = None  # None: all
    tally: str = ""  # beside the button's label

    @property
    def aligned_columns(self) -> "list[tuple[StrOrPromise, bool]]":
        """Return each column's name, and whether its cells are figures."""
        return aligned(self.columns, self.cells)

    @property
    def labelled_cells(self) -> "list[list[tuple[StrOrPromise, object]]]":
        """Return each cell with the name of its column."""
        return [list(zip(self.columns, cells, strict=True)) for cells in self.cells]


@dataclass(frozen=True, slots=True)
class Waits:
    """The result of a step that needs a second user, and of which this user was the first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A question, and the service call that follows its answer: `run(row, user, answers)`, which may refuse.

    A `run` that returns a `Proposal` or `Waits` has moved nothing yet: another user must take the step too.
    """

    title: "StrOrPromise"
    button: "StrOrPromise"
    run: Callable[[Any, User, Answers], object]
    preview: Callable[[Sequence[Any], User], Preview]
    waits: "StrOrPromise" = WAITS  # said of rows that need a second user
    tally: Callable[[int, int], str] | None = None  # words for the numbers of rows that are done and that wait
    form_class: type[StepForm] = StepForm
    is_dangerous: bool = False
    moves_money: bool = False  # asks for a recent second factor


def step_action(step: Step, permission: str) -> Callable[..., HttpResponse]:
    """Return the admin action that takes `step`, for those who have `permission`."""

    @admin.action(description=step.button, permissions=[permission])
    def action(model_admin: RoleAdmin, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse:
        return _ask_or_take(model_admin, request, queryset, step)

    return action


def _ask_or_take(model_admin: RoleAdmin, request: HttpRequest, queryset: QuerySet[Any], step: Step) -> HttpResponse:
    rows = list(queryset[: MOST_ROWS + 1])
    if not rows or len(rows) > MOST_ROWS:
        messages.warning(
            request,
            _("Choose at most %(most)s rows.") % {"most": show_number(MOST_ROWS)} if rows else _("Choose a row."),
        )
        return HttpResponseRedirect(request.get_full_path())
    form = step.form_class(request.POST if "confirmed" in request.POST else None, rows=rows)
    if step.moves_money:
        ask_for_code(form, request)
    if form.is_valid():
        answers = {name: value for name, value in form.cleaned_data.items() if name != CODE}
        _take(model_admin, request, rows, step, answers)
        return HttpResponseRedirect(model_admin.way_back(request))
    return TemplateResponse(request, "admin/confirm_step.html", _context(model_admin, request, rows, step, form))


def _take(model_admin: RoleAdmin, request: HttpRequest, rows: Sequence[Any], step: Step, answers: Answers) -> None:
    done, waiting = [], []
    for row in rows:
        try:
            result = step.run(row, cast("User", request.user), answers)
        except (DomainError, PermissionDenied, OperationalError) as error:
            messages.error(request, f"{model_admin.shown_name(row)}: {_refusal(error)}")
            continue
        if isinstance(result, (Proposal, Waits)):
            waiting.append(model_admin.shown_name(row))
        else:
            done.append(model_admin.shown_name(row))
            said = "; ".join(f"{name}: {value}" for name, value in answers.items())
            model_admin.log_change(request, row, f"{step.title}. {said}".strip())
    _report(request, step, done, waiting)


def _report(request: HttpRequest, step: Step, done: Sequence[str], waiting: Sequence[str]) -> None:
    if waiting:
        tally = f"{step.title}: {step.tally(len(done), len(waiting))}. " if step.tally else ""
        messages.warning(request, f"{tally}{', '.join(waiting)}: {_(str(step.waits))}")
    if done:
        text = ngettext("%(step)s: done for %(rows)s.", "%(step)s: done for %(count)s: %(rows)s.", len(done))
        messages.success(request, text % {"step": step.title, "count": show_number(len(done)), "rows": ", ".join(done)})


def _refusal(error: Exception) -> str:
    if isinstance(error, DomainError):
        return _(error.message)
    if isinstance(error, OperationalError):
        if isinstance(error, OutcomeUnknown):
            return _("The database was lost on the way; whether this happened is not known. Look before you try again.")
        return _("The database is busy; nothing happened. Try again.")
    return _("Your role may not do this.")


def _context(
    model_admin: RoleAdmin, request: HttpRequest, rows: Sequence[Any], step: Step, form: forms.Form
) -> dict[str, Any]:
    preview = step.preview(rows, cast("User", request.user))
    taken = preview.taken or [preview.taken is None] * len(rows)
    return {
        **model_admin.admin_site.each_context(request),
        "title": step.title,
        "opts": model_admin.opts,
        "model_admin": model_admin,
        "step": step,
        "form": form,
        "preview": preview,
        "rows": list(zip(rows, preview.labelled_cells, strict=True)),
        "taken": [row.pk for row, is_taken in zip(rows, taken, strict=True) if is_taken],
        "checkbox_name": ACTION_CHECKBOX_NAME,
        "action_name": _chosen_action(request),
        "next": model_admin.way_back(request),
    }


def _chosen_action(request: HttpRequest) -> str:
    """Return the name of the action as Django chooses it: the one at the index, or else the last."""
    names = request.POST.getlist("action")
    try:
        return names[int(request.POST.get("index", 0))]
    except IndexError:
        return names[-1]
