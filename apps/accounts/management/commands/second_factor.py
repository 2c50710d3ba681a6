"""manage.py second_factor: the second factor of a user whose phone is lost, or of a server without a browser."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.accounts.models import User
from apps.accounts.second_factor import services


class Command(BaseCommand):
    help = (
        "reset: take the second factor of a user away; it sets up another at its next login in the back office. "
        "enrol: give it a new one, and print its secret and recovery codes."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("action", choices=["enrol", "reset"])
        parser.add_argument("username")

    def handle(self, *args: Any, **options: Any) -> None:
        user = User.objects.filter(username__iexact=options["username"]).first()
        if user is None:
            raise CommandError(f"No user is named {options['username']!r}.")
        if options["action"] == "reset":
            services.reset(user)
            self.stdout.write(f"{user.username} has no second factor and no session any more.")
            return
        secret, codes = services.enrol(user)
        self.stdout.write(f"secret: {secret}\nrecovery codes: {' '.join(codes)}")
