"""Problem details for HTTP APIs (RFC 9457): the table of every refusal, and the documents made from it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.http import JsonResponse
from django.utils.translation import gettext, gettext_noop

from apps.core.observability import request_id

CONTENT_TYPE = "application/problem+json"


@dataclass(frozen=True, slots=True)
class Problem:
    """A kind of refusal, as clients meet it and as the documentation shows it.

    `title` never changes from one occurrence to the next. `detail` is an example, and the text of a refusal that gives
    none; empty, it is the title. `members` are examples of the members that this kind has besides the common ones.
    """

    status: int
    title: str
    detail: str = ""
    members: Mapping[str, Any] = field(default_factory=dict)

    def default_detail(self) -> str:
        """Return the detail in the language of the request."""
        return gettext(self.detail) if self.detail else f"{gettext(self.title)}."


_TOO_LITTLE = {"available_balance": "450000.00", "required_amount": "500000.00", "shortage": "50000.00"}
_REFUSED_ITEM = {
    "index": 0, "outcome": "rejected", "transaction": None,
    "error": {
        "code": "insufficient_balance", "title": "The balance is too small", "detail": "The balance is too small.",
        **_TOO_LITTLE,
    },
}  # fmt: skip

PROBLEMS: Mapping[str, Problem] = {
    "validation_error": Problem(
        400, gettext_noop("The request is not valid"), gettext_noop("The request is not valid.")
    ),
    "invalid_idempotency_key": Problem(
        400,
        gettext_noop("The Idempotency-Key is not valid"),
        gettext_noop("Idempotency-Key must be 1 to 255 visible ASCII characters, bare or quoted."),
    ),
    "idempotency_key_required": Problem(
        400,
        gettext_noop("An Idempotency-Key is needed"),
        gettext_noop("This seller requires an Idempotency-Key with every charge."),
    ),
    "not_authenticated": Problem(
        401, gettext_noop("Authentication is needed"), "Authentication credentials were not provided."
    ),
    "invalid_credentials": Problem(
        401, gettext_noop("The username or the password is wrong"), "No active account with these credentials."
    ),
    "otp_required": Problem(
        401,
        gettext_noop("A second factor is needed"),
        gettext_noop("Send the code of your authenticator app as well."),
        {"enrolled": True},
    ),
    "invalid_otp": Problem(
        401,
        gettext_noop("The code is not valid"),
        gettext_noop("The code is wrong or was used already. Wait for the next one."),
    ),
    "invalid_token": Problem(401, gettext_noop("The token is not valid")),
    "invalid_signature": Problem(
        401, gettext_noop("The signature is not valid"), gettext_noop("The callback is not signed by its operator.")
    ),
    "permission_denied": Problem(
        403, gettext_noop("Permission denied"), "You do not have permission to perform this action."
    ),
    "address_not_allowed": Problem(
        403,
        gettext_noop("The address is not allowed"),
        gettext_noop("This client may not be used from this address."),
        {"address": "203.0.113.7"},
    ),
    "step_up_required": Problem(
        403,
        gettext_noop("A recent second factor is needed"),
        gettext_noop("Send a code to auth/step-up/, then this request again."),
    ),
    "seller_not_active": Problem(
        403, gettext_noop("The seller is not active"), "The seller is pending.", {"seller_status": "pending"}
    ),
    "deactivated_by_staff": Problem(
        403,
        gettext_noop("Only staff may reactivate this user"),
        gettext_noop("Only staff may reactivate a user that staff deactivated."),
    ),
    "self_approval": Problem(
        403,
        gettext_noop("A request is not processed by the user who filed it"),
        "You filed this request yourself.",
    ),
    "not_found": Problem(404, gettext_noop("Not found"), "Seller not found."),
    "operator_not_found": Problem(
        404, gettext_noop("No operator serves this"), gettext_noop("No operator is known to serve this number.")
    ),
    "method_not_allowed": Problem(405, gettext_noop("Method not allowed"), 'Method "PUT" not allowed.'),
    "not_acceptable": Problem(
        406, gettext_noop("No acceptable representation"), "Could not satisfy the request Accept header."
    ),
    "event_gone": Problem(
        410,
        gettext_noop("The event is not known any more"),
        gettext_noop("This event is not known any more. Read what you missed with GET events/."),
    ),
    "insufficient_balance": Problem(409, gettext_noop("The balance is too small"), members=_TOO_LITTLE),
    "daily_limit_exceeded": Problem(
        409,
        gettext_noop("The daily limit would be exceeded"),
        members={"daily_limit": "2000000.00", "spent_today": "1980000.00", "available_today": "20000.00"},
    ),
    "balance_limit_exceeded": Problem(409, gettext_noop("The balance would be too large")),
    "invalid_status_transition": Problem(
        409,
        gettext_noop("Not possible in the current status"),
        "A seller that is suspended cannot become active by this step.",
        {"current_status": "suspended"},
    ),
    "credit_request_already_processed": Problem(
        409,
        gettext_noop("The credit request was already processed"),
        "This credit request is approved.",
        {"current_status": "approved"},
    ),
    "second_approver_needed": Problem(
        409,
        gettext_noop("Another approver is needed"),
        "You approved this request already; another approver must approve it too.",
    ),
    "seller_not_active_confirm": Problem(
        409,
        gettext_noop("The status of the seller must be confirmed"),
        gettext_noop("The seller is not active. Confirm its status to approve anyway."),
        {"seller_status": "pending"},
    ),
    "open_request_limit_reached": Problem(
        409,
        gettext_noop("Too many open credit requests"),
        gettext_noop("Too many credit requests wait for a decision."),
        {"limit": 3},
    ),
    "user_limit_reached": Problem(
        409,
        gettext_noop("The seller has too many users"),
        gettext_noop("The seller has as many users as it may have."),
        {"limit": 3},
    ),
    "client_limit_reached": Problem(
        409,
        gettext_noop("The seller has too many API clients"),
        gettext_noop("The seller has as many API clients as it may have."),
        {"limit": 20},
    ),
    "client_revoked": Problem(
        409, gettext_noop("The API client was revoked"), gettext_noop("A revoked API client gets no new secret.")
    ),
    "webhook_endpoint_limit_reached": Problem(
        409,
        gettext_noop("The seller has too many webhook endpoints"),
        gettext_noop("The seller has as many webhook endpoints as it may have."),
        {"limit": 5},
    ),
    "webhook_endpoint_disabled": Problem(
        409,
        gettext_noop("The webhook endpoint is disabled"),
        gettext_noop("The webhook endpoint is disabled. Enable it first."),
    ),
    "already_reversed": Problem(
        409, gettext_noop("The entry was already reversed"), "This transaction was already reversed."
    ),
    "not_reversible": Problem(409, gettext_noop("The entry cannot be reversed"), "A reversal cannot be reversed."),
    "bulk_rejected": Problem(
        409,
        gettext_noop("The batch was refused as a whole"),
        "An item was refused, so nothing of the batch was sold.",
        {
            "accepted": 0, "rejected": 1, "replayed": 0, "total_amount": "0.00", "balance_after": "450000.00",
            "results": [_REFUSED_ITEM],
        },
    ),
    "request_too_large": Problem(
        413, gettext_noop("The request body is too large"), "The body may have at most 1,000,000 bytes."
    ),
    "unsupported_media_type": Problem(
        415, gettext_noop("The content type is not supported"), 'Unsupported media type "text/plain" in request.'
    ),
    "statement_too_long": Problem(
        422,
        gettext_noop("The statement is too long for a PDF"),
        "This statement has 12,000 entries, and a PDF at most 3,000. Ask for CSV, or a shorter time.",
        {"entries": 12_000, "most": 3_000},
    ),
    "idempotency_key_reused": Problem(
        422,
        gettext_noop("The Idempotency-Key was used for another payload"),
        "This Idempotency-Key already sold another charge.",
    ),
    "too_many_streams": Problem(
        429,
        gettext_noop("Too many open event streams"),
        gettext_noop("This seller has as many open streams as it may have."),
        {"limit": 10},
    ),
    "product_not_offered": Problem(
        422,
        gettext_noop("The operator does not offer this amount"),
        gettext_noop("The operator does not offer this amount."),
        {"nearest_amounts": ["20000.00", "50000.00"]},
    ),
    "throttled": Problem(
        429, gettext_noop("Too many requests"), "Request was throttled. Expected available in 42 seconds."
    ),
    "internal_error": Problem(
        500, gettext_noop("Internal error"), gettext_noop("Internal error. It was logged with this request_id.")
    ),
    "temporarily_unavailable": Problem(
        503, gettext_noop("Temporarily unavailable"), gettext_noop("Nothing happened. Send the request again.")
    ),
    "operator_unavailable": Problem(
        503,
        gettext_noop("The operator takes no charges now"),
        gettext_noop("The operator takes no charges now. Nothing happened."),
        {"operator": "mci"},
    ),
    "outcome_unknown": Problem(
        503,
        gettext_noop("The outcome is not known"),
        gettext_noop(
            "The database was lost on the way, so whether this happened is not known. Look, or send the request "
            "again with the same Idempotency-Key."
        ),
    ),
}  # fmt: skip


def document(code: str, detail: str = "", **members: object) -> dict[str, object]:
    """Return the body of a problem: the members of RFC 9457, `code`, `request_id`, and the members of the code."""
    problem = PROBLEMS[code]
    return {
        "type": f"urn:sharj:problem:{code}",
        "title": gettext(problem.title),
        "status": problem.status,
        "detail": gettext(detail) if detail else problem.default_detail(),
        "code": code,
        "request_id": request_id.current(),
        **members,
    }


def problem_response(code: str, detail: str = "", **members: object) -> JsonResponse:
    """Return a problem document outside DRF: from middleware and from Django's own error handlers."""
    return JsonResponse(document(code, detail, **members), status=PROBLEMS[code].status, content_type=CONTENT_TYPE)
