"""The Swagger document as a whole: its sections in the order of use, the order of paths, and the links."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse
from drf_yasg.generators import EndpointEnumerator, OpenAPISchemaGenerator

from apps.core.apidocs.health import document_health

TAGS = {
    "auth": "Registration, the two logins, refresh and logout, and tokens for programs.",
    "sellers": "Companies that sell. `me` stands for the caller's own.",
    "api-clients": "Programs of a seller, which get tokens for a secret, not for a person's password.",
    "credit-requests": "Asking for balance, and deciding about it. The balance grows when a request is approved.",
    "charges": "Selling credit to a phone number, which takes it from the balance.",
    "transactions": "The ledger: every movement of money, for good. Mistakes are undone by a reversal.",
    "phone-numbers": "Totals sold to each number.",
    "operators": "The mobile operators that charges are delivered by, if any, and what each of them sells.",
    "deliveries": "What became of a charge at its operator. The id is that of the charge's transaction.",
    "events": "What has happened to a seller: the same as its webhooks and its stream tell, for 30 days.",
    "webhook-endpoints": "Where the events of a seller are sent (Standard Webhooks), and what became of them.",
    "reconciliation": "Whether every balance agrees with the ledger.",
    "health": "For load balancers and orchestrators.",
}

PATH_PARAMETERS = {
    "seller_id": "Id of the seller. Users of a seller may write `me` for their own when they read or change it.",
    "credit_request_id": "Id of the credit request.",
    "entry_id": "Id of the transaction.",
    "user_id": "Id of the user.",
    "client_id": "Id of the API client.",
    "endpoint_id": "Id of the webhook endpoint.",
    "delivery_id": "Id of the delivery; that of a charge is the id of its transaction.",
}

# Links (`x-links`; OpenAPI 3 calls them links) from an answer to the operations that take an id of it, for tools that
# walk through the API. By operation and status: the place of the id, and the parameters that take it.
_FIRST = "$response.body#/results/0/id"
_NEW = "$response.body#/id"
_ENTRY = (("get_transaction", "entry_id"), ("reverse_transaction", "entry_id"))
_REQUEST = tuple((f"{step}_credit_request", "credit_request_id") for step in ("get", "approve", "reject", "cancel"))
_SELLER = tuple(
    (operation, "seller_id")
    for operation in (
        *("get_seller", "change_seller", "verify_seller", "suspend_seller", "reactivate_seller"),
        *("get_balance", "get_statement", "list_seller_transactions", "reconcile_seller"),
    )
)
_DELIVERY = (("get_delivery", "delivery_id"), ("resolve_unknown_delivery", "delivery_id"))
_USER = tuple((f"{step}_one_of_my_users", "user_id") for step in ("get", "change", "deactivate"))
_CLIENT = tuple(
    (operation, "client_id")
    for operation in ("get_one_of_my_api_clients", "rotate_secret_of_api_client", "revoke_one_of_my_api_clients")
)
_ENDPOINT = tuple(
    (operation, "endpoint_id")
    for operation in (
        *(f"{step}_webhook_endpoint" for step in ("get", "change", "test", "remove")),
        *("rotate_webhook_secret", "list_deliveries_of_webhook_endpoint", "resend_webhook_delivery"),
    )
)
LINKS = {
    ("sell_charge", "201"): (_NEW, _ENTRY),
    ("list_transactions", "200"): (_FIRST, _ENTRY),
    ("list_deliveries", "200"): (_FIRST, _DELIVERY),
    ("ask_for_credit", "201"): (_NEW, _REQUEST),
    ("list_credit_requests", "200"): (_FIRST, _REQUEST),
    ("approve_credit_request", "200"): ("$response.body#/transaction", _ENTRY),
    ("who_am_i", "200"): ("$response.body#/seller/id", _SELLER),
    ("list_sellers", "200"): (_FIRST, _SELLER),
    ("create_seller", "201"): (_NEW, _SELLER),
    ("register_seller", "201"): ("$response.body#/seller/id", _SELLER),
    ("invite_user", "201"): (_NEW, _USER),
    ("list_my_users", "200"): (_FIRST, _USER),
    ("create_api_client", "201"): ("$response.body#/client_id", _CLIENT),
    ("list_my_api_clients", "200"): ("$response.body#/results/0/client_id", _CLIENT),
    ("add_webhook_endpoint", "201"): (_NEW, _ENDPOINT),
    ("list_webhook_endpoints", "200"): (_FIRST, _ENDPOINT),
    ("test_webhook_endpoint", "202"): (_NEW, (("resend_webhook_delivery", "delivery_id"),)),
    ("list_deliveries_of_webhook_endpoint", "200"): (_FIRST, (("resend_webhook_delivery", "delivery_id"),)),
}

document_health()

# Redoc would fetch a logo from its maker's host; its search runs in a worker made from a blob.
CONTENT_POLICY = "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; worker-src blob:"


def from_here_only(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Forbid the pages of `view` to load anything from other hosts."""

    @wraps(view)
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response = view(request, *args, **kwargs)
        response["Content-Security-Policy"] = CONTENT_POLICY
        return response

    return answer


class _OrderedEnumerator(EndpointEnumerator):  # type: ignore[misc]  # drf-yasg has no types
    """An enumerator that keeps the order of the URLconf; the library sorts paths by name."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.order: list[str] = []

    def should_include_endpoint(self, path: str, *args: Any, **kwargs: Any) -> bool:
        self.order.append(path)
        included: bool = super().should_include_endpoint(path, *args, **kwargs)
        return included

    def get_api_endpoints(self, *args: Any, **kwargs: Any) -> list[Any]:
        return sorted(super().get_api_endpoints(*args, **kwargs), key=lambda endpoint: self.order.index(endpoint[0]))


class DocumentGenerator(OpenAPISchemaGenerator):  # type: ignore[misc]  # drf-yasg has no types
    endpoint_enumerator_class = _OrderedEnumerator

    def get_endpoints(self, request: Any) -> dict[str, Any]:
        endpoints: dict[str, Any] = super().get_endpoints(request)
        self._order = list(endpoints)
        return endpoints

    def get_paths(self, *args: Any, **kwargs: Any) -> tuple[Any, str]:
        """Return the paths in the order of the URLconf, and their common prefix."""
        paths, prefix = super().get_paths(*args, **kwargs)
        for path in self._order:
            short = path.removeprefix(prefix.rstrip("/"))
            paths[short] = paths.pop(short)
        return paths, prefix

    def get_path_parameters(self, path: str, view_cls: type) -> list[Any]:
        parameters: list[Any] = super().get_path_parameters(path, view_cls)
        for parameter in parameters:
            parameter["description"] = PATH_PARAMETERS[parameter["name"]]
        return parameters

    def get_schema(self, *args: Any, **kwargs: Any) -> Any:
        document = super().get_schema(*args, **kwargs)
        document["tags"] = [{"name": name, "description": description} for name, description in TAGS.items()]
        _add_links(document["paths"])
        _close_bodies(document)
        return document


def _close_bodies(document: Any) -> None:
    """Say of every object in a request body that it has no other members."""
    bodies = [
        parameter["schema"]
        for item in document["paths"].values()
        for _, operation in item.operations
        for parameter in operation["parameters"]
        if parameter["in"] == "body"
    ]
    while bodies:
        schema = bodies.pop()
        if "$ref" in schema:
            schema = document["definitions"][schema["$ref"].rpartition("/")[2]]
        if "properties" in schema:
            schema.setdefault("additionalProperties", False)
            bodies += schema["properties"].values()
        if "items" in schema:
            bodies.append(schema["items"])


def _add_links(paths: Any) -> None:
    for item in paths.values():
        for _, operation in item.operations:
            for status, response in operation["responses"].items():
                place, targets = LINKS.get((operation["operationId"], status), ("", ()))
                if targets:
                    response["x-links"] = {
                        target: {"operationId": target, "parameters": {parameter: place}}
                        for target, parameter in targets
                    }
