"""Inspectors for what drf-yasg leaves out."""

from copy import copy
from typing import Any

from drf_yasg import openapi
from drf_yasg.inspectors import FieldInspector
from rest_framework import serializers


class NullableReferenceInspector(FieldInspector):  # type: ignore[misc]  # drf-yasg has no types
    """An inspector that documents nullable objects by a nullable copy of their definition (`NullableSeller`).

    Swagger 2.0 has no form of "this or null" that generated clients agree on. A reference ignores the mark beside it,
    and clients check `allOf` whatever stands beside it, so they refuse the null (docs/adr/0021).
    """

    def process_result(self, result: Any, method_name: str, obj: Any, **kwargs: Any) -> Any:
        nullable = isinstance(obj, serializers.Serializer) and obj.allow_null
        if not nullable or not isinstance(result, openapi.SchemaRef):
            return result
        definitions = self.components.with_scope(openapi.SCHEMA_DEFINITIONS)
        original = result.resolve(self.components)
        original.pop("x-nullable", None)  # which the library sets if it meets the nullable place first
        nullable_copy = copy(original)
        nullable_copy.x_nullable = True
        name = f"Nullable{result['$ref'].rpartition('/')[2]}"
        definitions.setdefault(name, lambda: nullable_copy)
        return openapi.SchemaRef(definitions, name)
