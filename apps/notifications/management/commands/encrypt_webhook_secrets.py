"""manage.py encrypt_webhook_secrets: encrypt the secrets of all endpoints by the present key."""

from typing import Any

from cryptography.fernet import InvalidToken
from django.core.management.base import BaseCommand, CommandError

from apps.notifications.webhooks.services import encrypt_all_again


class Command(BaseCommand):
    help = (
        "Encrypt the secrets of webhook endpoints by WEBHOOK_ENCRYPTION_KEY; "
        "afterwards WEBHOOK_ENCRYPTION_KEYS_FALLBACK may be emptied."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            self.stdout.write(f"{encrypt_all_again()} endpoints have their secrets encrypted by the present key.")
        except InvalidToken as error:
            raise CommandError(
                "A secret was encrypted by a key that is not in the settings. Nothing changed."
            ) from error
