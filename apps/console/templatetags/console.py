"""Formats for templates."""

import re
from datetime import datetime

from django import template
from django.contrib import admin
from django.db.models import Model

from apps.console.framework.display import is_figure, show_moment, show_number, show_text
from apps.console.framework.filters_in_use import filters_in_use
from apps.console.framework.saved_views import selection, views_of

register = template.Library()
_TEXT = re.compile(r"(?<=>)[^<]+")


register.simple_tag(filters_in_use)
register.simple_tag(views_of, name="saved_views")
register.filter(selection)
register.filter(is_figure)


@register.filter
def shown(value: object) -> object:
    """Return a count in the reader's digits; other values are formatted already."""
    return show_number(value) if type(value) is int else value


@register.filter
def shown_name(title: object) -> object:
    """Return the name of a row on its page."""
    page = admin.site._registry.get(type(title)) if isinstance(title, Model) else None
    return page.shown_name(title) if page and hasattr(page, "shown_name") else title


@register.filter
def shown_moment(moment: datetime) -> str:
    """Return date and time of day in the reader's digits and calendar."""
    return show_moment(moment)


@register.filter(is_safe=True)
def digits_in_text(html: str) -> str:
    """Replace digits in the visible text of `html` by the reader's; tags and their attributes stay."""
    return _TEXT.sub(lambda text: show_text(text[0]), html)
