from django.apps import AppConfig, apps
from django.db.models.signals import post_migrate


class CoreConfig(AppConfig):
    name = "apps.core"
    label = "core"

    def ready(self) -> None:
        from apps.core.database_grants import grant_tables

        # Sent once per app, but never for one without models, as this one is.
        post_migrate.connect(grant_tables, sender=apps.get_app_config("contenttypes"))
