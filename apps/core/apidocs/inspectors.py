"""Inspectors for what drf-yasg leaves out."""

from typing import Any

from drf_yasg import openapi
from drf_yasg.inspectors import FieldInspector
from rest_framework import serializers


class NullableReferenceInspector(FieldInspector):  # type: ignore[misc]  # drf-yasg has no types
    """An inspector that documents nullable objects; a bare reference cannot carry the mark."""

    def process_result(self, result: Any, method_name: str, obj: Any, **kwargs: Any) -> Any:
        nullable = isinstance(obj, serializers.Serializer) and obj.allow_null
        if not nullable or not isinstance(result, openapi.SchemaRef):
            return result
        return openapi.Schema(type=openapi.TYPE_OBJECT, all_of=[result], x_nullable=True)
