"""Every call of the API: the status that each caller gets (authorisation_matrix.txt), and the body it needs."""

from pathlib import Path
from typing import Any

from apps.testing.api import PHONE

CHARGE = {"phone_number": PHONE, "amount": "1.00"}
NEW = {"username": "new", "password": "long enough, and odd", "email": "new@example.com", "company_name": "New"}
CREDENTIALS = {"username": "unknown", "password": "wrong"}
BODIES: dict[str, dict[str, Any]] = {
    "POST auth/seller/register/": NEW,
    "POST auth/seller/login/": CREDENTIALS,
    "POST auth/admin/login/": CREDENTIALS,
    "POST auth/refresh/": {"refresh": "garbage"},
    "POST auth/step-up/": {"otp": "000000"},
    "POST auth/logout/": {"refresh": "garbage"},
    "POST auth/password/": {"current_password": "wrong", "new_password": "long enough, and odd"},
    "POST auth/token/": {
        "grant_type": "client_credentials", "client_id": "00000000-0000-7000-8000-000000000000", "client_secret": "x",
    },
    "POST api-clients/": {"name": "Till software", "role": "operator"},
    "POST sellers/": NEW,
    "POST sellers/me/users/": {key: NEW[key] for key in ("username", "password", "email")} | {"role": "viewer"},
    "PATCH sellers/me/": {"email": "changed@example.com"},
    "PATCH sellers/{seller}/": {"email": "changed@example.com"},
    "PATCH sellers/{other}/": {"email": "changed@example.com"},
    "POST credit-requests/": {"amount": "10.00"},
    "POST credit-requests/{request}/approve/": {},
    "POST credit-requests/{request}/reject/": {"reason": "no"},
    "POST charges/": CHARGE,
    "POST charges/bulk/": {"charges": [CHARGE]},
    "POST transactions/{entry}/reverse/": {"reason": "no"},
    "POST webhook-endpoints/": {"url": "https://shop.example/new", "event_types": ["balance.low"]},
    "PATCH webhook-endpoints/{endpoint}/": {"description": "changed"},
    "PATCH webhook-endpoints/{foreign_endpoint}/": {"description": "changed"},
    "POST deliveries/{charge_delivery}/resolve/": {"outcome": "failed", "reason": "no"},
}  # fmt: skip
Row = tuple[str, str, list[int]]


def read_matrix() -> list[Row]:
    """Return method, path and the status of each caller."""
    lines = Path(__file__).with_name("authorisation_matrix.txt").read_text().splitlines()
    rows = [line.split() for line in lines if line and line[0] not in "# "]
    return [(method, path, [int(status) for status in statuses]) for method, path, *statuses in rows]


MATRIX = read_matrix()
