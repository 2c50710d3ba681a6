"""Money in the back office: to be read, never written. What moves money are services."""

from django.contrib import admin

from apps.accounts.role_admin import RoleAdmin
from apps.transactions.models import LedgerEntry, Wallet


@admin.register(Wallet)
class WalletAdmin(RoleAdmin):
    list_display = ("seller", "balance", "sequence", "last_entry_at", "spent_on", "spent_today")
    list_select_related = ("seller",)
    search_fields = ("seller__company_name", "seller__email")
    ordering = ("-pk",)


@admin.register(LedgerEntry)
class LedgerEntryAdmin(RoleAdmin):
    list_display = ("created_at", "seller", "sequence", "type", "amount", "balance_after", "phone_number")
    list_select_related = ("seller",)
    list_filter = ("type",)
    search_fields = ("=phone_number",)
