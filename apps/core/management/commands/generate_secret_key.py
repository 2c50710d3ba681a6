"""manage.py generate_secret_key: a value for SECRET_KEY."""

import secrets
from typing import Any

from django.core.management.base import BaseCommand

from config.env_file import GENERATED


class Command(BaseCommand):
    help = "Print a new random value for SECRET_KEY, safe in .env files and shells. Needs no settings."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(secrets.token_urlsafe(GENERATED["SECRET_KEY"]))
