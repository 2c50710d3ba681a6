"""manage.py seed_demo: fill an empty platform with demo data."""

import os
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apps.credit_requests.demo import Login, seed

ALLOWED_SETTINGS = "config.settings.local"


class Command(BaseCommand):
    help = (
        "Make three sellers with users, credit requests, charges and a reversal, and print their logins. "
        "Run again, it adds nothing and gives the logins new passwords. Refused outside the local settings."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        if os.environ.get("DJANGO_SETTINGS_MODULE") != ALLOWED_SETTINGS:
            raise CommandError(f"Demo logins belong on a developer's machine: this runs with {ALLOWED_SETTINGS} only.")
        logins = seed()
        self.stdout.write(_row("username", "password", "role", "of"))
        for login in logins:
            self.stdout.write(_row(login.user.username, login.password, login.role, _place(login)))
        self.stdout.write("\nSellers log in at /api/v1/auth/seller/login/, staff at /api/v1/auth/admin/login/.")


def _row(username: str, password: str, role: str, place: str) -> str:
    return f"{username:<20}{password:<15}{role:<17}{place}"


def _place(login: Login) -> str:
    seller = login.user.seller
    if seller is None:
        return "the platform"
    seller.refresh_from_db(fields=["status"])
    return f"{seller.company_name} ({seller.status})"
