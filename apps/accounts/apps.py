from django.apps import AppConfig
from django.core.checks import Tags, register
from django.utils.translation import gettext_lazy as _


class AccountsConfig(AppConfig):
    name = "apps.accounts"
    label = "accounts"
    verbose_name = _("Accounts")
    # A seller `probe` and its owner `author`, for the forgeries that must be refused (`distribute_ledger`).
    citus_probe = """
    INSERT INTO public.accounts_seller (id, company_name, email, phone_number, status, created_at)
    VALUES (probe, 'probe', probe || '@example.com', '', 'pending', now());
    INSERT INTO public.accounts_user
        (id, username, email, seller_id, seller_role, password, is_superuser, is_staff, is_active, first_name,
         last_name, date_joined)
    VALUES (probe, probe, '', probe, 'owner', '!', false, false, false, '', '', now())
    RETURNING id INTO author;
"""

    def ready(self) -> None:
        from apps.accounts import security_events
        from apps.accounts.second_factor.checks import check_required
        from apps.accounts.sellers.serializers import render_seller
        from apps.accounts.sessions import login_events
        from apps.outbox.models import EventType
        from apps.outbox.services import register_renderer

        register(check_required, Tags.security, deploy=True)
        login_events.connect()
        security_events.connect()
        for told in (EventType.SELLER_VERIFIED, EventType.SELLER_SUSPENDED, EventType.SELLER_REACTIVATED):
            register_renderer(told, render_seller)
