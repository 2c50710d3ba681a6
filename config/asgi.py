"""ASGI entry point: the event stream. `manage.py event_stream` serves it; gunicorn serves all else by WSGI."""

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.local")
_others = get_asgi_application()

from apps.notifications.stream.application import EventStreams  # noqa: E402  (needs the settings)

application = EventStreams(_others)
