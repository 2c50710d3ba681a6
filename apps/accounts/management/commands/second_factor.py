"""manage.py second_factor: the second factor of a user whose phone is lost, or of a server without a browser."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.accounts.models import User
from apps.accounts.second_factor import services


class Command(BaseCommand):
    help = "Take the second factor of a user away; it sets up another at its next login in the back office."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("action", choices=["reset"])
        parser.add_argument("username")

    def handle(self, *args: Any, **options: Any) -> None:
        user = User.objects.filter(username__iexact=options["username"]).first()
        if user is None:
            raise CommandError(f"There is no user {options['username']!r}.")
        services.reset(user)
        self.stdout.write(f"{user.username} has no second factor and no session any more.")
