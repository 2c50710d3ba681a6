"""Callbacks of operators: signed, repeated as often as they like, in any order. Not part of the API of sellers."""

import logging
from uuid import UUID

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from apps.core.api.problems import problem_response
from apps.core.errors import DomainError
from apps.delivery.adapters.protocol import Callback, InvalidCallback
from apps.delivery.calls import adapter_of
from apps.delivery.models import Attempt, Operator
from apps.delivery.services import record_answer

logger = logging.getLogger("sharj.deliveries")

MAX_BYTES = 65_536


@csrf_exempt
@require_POST
def operator_callback(request: HttpRequest, code: str) -> HttpResponse:
    """Record what an operator tells by itself; 200 says that it need not tell it again.

    A wrong signature, an unknown operator and a body that cannot be read are all 401, and tell a stranger nothing.
    """
    callback = _read(request, code)
    if callback is None:
        return problem_response("invalid_signature")
    try:
        reference = UUID(callback.reference)
        delivery = record_answer(reference, Attempt.Kind.CALLBACK, callback.answer, operator=code)
    except ValueError:
        return problem_response("not_found", "Delivery not found.")
    except DomainError as refusal:
        return problem_response(refusal.code, refusal.message, **refusal.extra)
    return JsonResponse({"reference": callback.reference, "status": delivery.status})


def _read(request: HttpRequest, code: str) -> Callback | None:
    operator = Operator.objects.filter(pk=code).first()
    body = request.read(MAX_BYTES + 1)
    if operator is None or len(body) > MAX_BYTES:
        return None
    try:
        return adapter_of(operator).read_callback(request.headers, body)
    except (InvalidCallback, ValueError, KeyError, OSError) as error:
        logger.warning("callback refused", extra={"fields": {"operator": code, "why": str(error)}})
        return None
