#!/bin/sh
# Once per release, before its replicas start: roles, schema, static files, the first superuser.
set -eu
# PostgreSQL may still be starting: compose does not wait for it.
tries=0
until python manage.py db roles; do
    tries=$((tries + 1))
    [ "$tries" -lt 30 ] || exit 1
    sleep 2
done
# With this variable the former version must not be running: docs/operations.md.
[ -n "${ALLOW_INCOMPATIBLE_MIGRATIONS:-}" ] || DATABASE_ROLE=owner python manage.py check_migrations
DATABASE_ROLE=owner python manage.py migrate --no-input
python manage.py collectstatic --no-input --verbosity 0
python - <<'PYTHON'
import os

import django

django.setup()
from django.contrib.auth import get_user_model
from django.core.management import call_command

users = get_user_model().objects
name = os.environ.get("DJANGO_SUPERUSER_USERNAME", "")
if name and not users.filter(username__iexact=name).exists():
    call_command("createsuperuser", interactive=False)
PYTHON
