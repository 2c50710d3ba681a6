"""Citus: what of the database stands on which node, how it gets there, and that the guards hold there (ADR 39)."""
