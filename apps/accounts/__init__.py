"""Sellers, users, roles, sessions and the audit trail."""
