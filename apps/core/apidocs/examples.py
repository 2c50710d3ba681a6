"""The one story that all examples of the documentation tell: ids and times, and what each problem says."""

from collections.abc import Mapping
from typing import Any

SELLER_ID = "0197f3a0-1c05-7a51-8f3e-5b2c9d4e6f70"
OWNER_ID = "0197f3a0-1c07-7d02-9a4b-0c1d2e3f4a5b"
OPERATOR_ID = "0197f3a0-9e11-7d45-8b6c-1d2e3f4a5b6c"
APPROVER_ID = "0197f39f-a210-7c3d-b1e2-6f708192a3b4"
CREDIT_REQUEST_ID = "0197f3a4-51c0-7e15-a2b3-c4d5e6f70819"
CREDIT_ENTRY_ID = "0197f3a6-0b41-7f26-8c9d-0e1f2a3b4c5d"
SALE_ENTRY_ID = "0197f3a8-77d2-7a37-9dae-1f2a3b4c5d6e"
REVERSAL_ENTRY_ID = "0197f3ab-4e63-7b48-aebf-2a3b4c5d6e7f"
REGISTERED_AT = "2025-07-10T09:20:00.005310Z"
REQUESTED_AT = "2025-07-10T09:24:35.648120Z"
CREDITED_AT = "2025-07-10T09:26:28.673902Z"
SOLD_AT = "2025-07-10T09:29:07.410655Z"
REVERSED_AT = "2025-07-10T09:32:13.411208Z"

# Where the `detail` is not simply the title.
DETAILS: Mapping[str, str] = {
    "validation_error": "The request is not valid.",
    "invalid_idempotency_key": "Idempotency-Key must be 1 to 255 visible ASCII characters, bare or quoted.",
    "not_authenticated": "Authentication credentials were not provided.",
    "invalid_credentials": "No active account with these credentials.",
    "permission_denied": "You do not have permission to perform this action.",
    "seller_not_active": "The seller is pending.",
    "second_approver_needed": "You approved this request already; another approver must approve it too.",
    "self_approval": "You filed this request yourself.",
    "not_found": "Seller not found.",
    "invalid_status_transition": "A seller that is suspended cannot become active by this step.",
    "credit_request_already_processed": "This credit request is approved.",
    "bulk_rejected": "An item was refused, so nothing of the batch was sold.",
    "already_reversed": "This transaction was already reversed.",
    "not_reversible": "A reversal cannot be reversed.",
    "idempotency_key_reused": "This Idempotency-Key already sold another charge.",
    "method_not_allowed": 'Method "PUT" not allowed.',
    "not_acceptable": "Could not satisfy the request Accept header.",
    "unsupported_media_type": 'Unsupported media type "text/plain" in request.',
    "request_too_large": "The body may have at most 1,000,000 bytes.",
    "throttled": "Request was throttled. Expected available in 42 seconds.",
    "internal_error": "Something went wrong here. It was logged with this request_id.",
    "temporarily_unavailable": "Nothing happened. Send the request again.",
}

# Members that a code adds to those of every problem.
MEMBERS: Mapping[str, Mapping[str, Any]] = {
    "seller_not_active": {"seller_status": "pending"},
    "insufficient_balance": {"available_balance": "450000.00", "required_amount": "500000.00", "shortage": "50000.00"},
    "daily_limit_exceeded": {
        "daily_limit": "2000000.00", "spent_today": "1980000.00", "available_today": "20000.00",
    },
    "invalid_status_transition": {"current_status": "suspended"},
    "credit_request_already_processed": {"current_status": "approved"},
    "bulk_rejected": {
        "accepted": 0, "rejected": 1, "replayed": 0, "total_amount": "0.00", "balance_after": "450000.00",
        "results": [
            {
                "index": 0, "outcome": "rejected", "transaction": None,
                "error": {
                    "code": "insufficient_balance", "title": "The balance is too small",
                    "detail": "The balance is too small.", "available_balance": "450000.00",
                    "required_amount": "500000.00", "shortage": "50000.00",
                },
            }
        ],
    },
}  # fmt: skip
