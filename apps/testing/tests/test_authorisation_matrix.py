"""Every URL and method of the API for every caller, as listed in `contract/authorisation_matrix.txt`."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import transaction
from django.urls import URLPattern, resolve

from apps.accounts.models import Seller, User
from apps.core.limits.rate_limits import local_counts
from apps.testing.api import BASE, Caller
from apps.testing.contract.forged_tokens import FORGERIES
from apps.testing.contract.matrix import BODIES, MATRIX
from apps.testing.factories import log_in, make_staff
from apps.testing.fixtures import CALLERS
from apps.testing.invariants import snapshot
from config.urls import api

FORGED = ("expired", "alg none", "another key", "foreign audience", "unknown session")
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "HEAD", "TRACE")
CODES = {
    401: {"not_authenticated", "invalid_token", "invalid_credentials", "invalid_otp"},
    403: {"permission_denied", "seller_not_active"},
    404: {"not_found"},
}


@pytest.fixture
def intruders(owner: Caller, admin: Caller, seller: Seller, settings: Any) -> dict[str, Caller]:
    """Callers with invalid tokens of the users with the most rights."""
    key = settings.SIMPLE_JWT["SIGNING_KEY"]
    found = {
        f"{name}'s, {forgery}": Caller(FORGERIES[forgery](caller.access, key))
        for name, caller, forgeries in (("owner", owner, FORGED[-1:]), ("admin", admin, FORGED))
        for forgery in forgeries
    }
    deactivated = [make_staff("admin"), User.objects.create(username="gone", seller=seller, seller_role="owner")]
    found |= {f"deactivated {user.username}": log_in(user) for user in deactivated}
    User.objects.filter(pk__in=[user.pk for user in deactivated]).update(is_active=False)
    return found | {"owner's refresh token": Caller(owner.refresh), "admin's refresh token": Caller(admin.refresh)}


@pytest.mark.parametrize(("method", "path", "statuses"), [pytest.param(*row, id=" ".join(row[:2])) for row in MATRIX])
def test_each_caller_gets_what_the_matrix_says(
    cast: dict[str, Caller],
    intruders: dict[str, Caller],
    places: dict[str, object],
    seller: Seller,
    method: str,
    path: str,
    statuses: list[int],
) -> None:
    body = BODIES.get(f"{method} {path}")
    url = path.format(**places)
    expected = dict(zip(CALLERS, statuses[:-1], strict=True)) | dict.fromkeys(intruders, statuses[-1])

    seen, before = {}, snapshot()
    for name, caller in (cast | intruders).items():
        local_counts.clear()  # failed logins are counted
        undo = transaction.savepoint()
        if name == "suspended":
            Seller.objects.filter(pk=seller.pk).update(status=Seller.Status.SUSPENDED)
        answer = caller.call(method, url, body)
        seen[name] = answer.status
        if answer.status < 400 or name == "suspended":
            transaction.savepoint_rollback(undo)
        elif answer.status in CODES and path != "auth/token/":  # whose refusals have the form of OAuth
            assert answer.content_type == "application/problem+json"
            assert answer.body["code"] in CODES[answer.status]

    assert seen == expected
    assert snapshot() == before, "a refusal changed something"


def _endpoints() -> Iterator[tuple[str, type]]:
    for pattern in (pattern for resolver in api for pattern in resolver.url_patterns):
        assert isinstance(pattern, URLPattern)
        yield str(pattern.pattern), pattern.callback.view_class  # type: ignore[attr-defined]  # as_view() sets it


def test_every_url_and_method_is_in_the_matrix_and_nothing_else(places: dict[str, object]) -> None:
    listed = {
        (resolve(BASE + path.format(**places)).route.removeprefix("api/v1/"), method) for method, path, _ in MATRIX
    }

    served = {
        (route, name.upper())
        for route, view in _endpoints()
        for name in ("get", "post", "put", "patch", "delete")
        if hasattr(view, name)
    }

    assert listed == served


def test_a_path_with_an_id_is_closed_to_the_owner_of_another_seller() -> None:
    """Expect 404 where owners may do it to their own, which hides existence, and 403 where they may not at all."""
    by_call = {(method, path): dict(zip(CALLERS, statuses[:-1], strict=True)) for method, path, statuses in MATRIX}
    checked = 0
    for (method, path), by_caller in by_call.items():
        if re.search(r"\{(seller|request|entry|charge_delivery|user|client|endpoint)\}", path):
            expected = 404 if by_caller["owner"] < 300 else 403
            assert by_caller["foreign"] == expected, (method, path)
            checked += 1
        own = re.sub(r"\{(other|foreign_\w+)\}", _own_object, path)
        if own != path:
            assert by_caller["owner"] == (404 if by_call[method, own]["owner"] < 300 else 403), (method, path)
            checked += 1
    assert checked > 25


def _own_object(found: re.Match[str]) -> str:
    return "{seller}" if found[1] == "other" else f"{{{found[1].removeprefix('foreign_')}}}"


def test_every_read_with_an_id_says_404_and_not_403_to_a_stranger() -> None:
    """Expect 404: 403 would tell that the object exists."""
    for method, path, statuses in MATRIX:
        if method == "GET" and re.search(r"\{(seller|request|entry|charge_delivery|user|client|endpoint)\}", path):
            assert statuses[CALLERS.index("foreign")] == 404, path


def test_no_other_method_does_anything(
    anonymous: Caller, owner: Caller, admin: Caller, places: dict[str, object]
) -> None:
    listed = {(method, path) for method, path, _ in MATRIX}
    harmless = {"OPTIONS", "HEAD"}
    before = snapshot()
    for path in sorted({path for _, path in listed}):
        is_public = path.startswith(("auth/", "health/")) and path != "auth/me/"
        for method in METHODS:
            if (method, path) in listed:
                continue
            for caller in (anonymous, owner, admin):
                status = caller.send(method, path.format(**places), b"{}").status
                allowed = {401, 403, 404, 405} | ({200, 400} if method in harmless else set())
                assert status in allowed, (method, path, status)
                assert caller is not anonymous or is_public or status == 401, (method, path, status)
    assert snapshot() == before
