"""The base of pages of one row that have a panel below their fields."""

from typing import Any

from django.http import HttpRequest, HttpResponse

from apps.console.framework.panels import Panel
from apps.console.framework.role_admin import RoleAdmin


class PanelAdmin(RoleAdmin):
    """A page with a panel below its fields."""

    change_form_template = "console/seller.html"

    def panel(self, request: HttpRequest, row: Any) -> Panel:
        """Return the panel."""
        raise NotImplementedError

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        context["panels"] = [self.panel(request, kwargs["obj"])]
        return super().render_change_form(request, context, *args, **kwargs)
