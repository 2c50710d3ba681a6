from django.apps import AppConfig, apps
from django.core.checks import Tags, register
from django.db.models.signals import post_migrate


class CoreConfig(AppConfig):
    name = "apps.core"
    label = "core"

    def ready(self) -> None:
        from apps.core.database import checks
        from apps.core.database.grants import grant_tables

        for check in (
            checks.check_role_owns_nothing,
            checks.check_role_has_no_defaults_of_its_own,
            checks.check_role_has_no_spare_rights,
        ):
            register(check, Tags.security, deploy=True)
        # Sent once per app with models; this app has none.
        post_migrate.connect(grant_tables, sender=apps.get_app_config("contenttypes"))
