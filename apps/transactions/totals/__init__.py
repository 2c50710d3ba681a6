"""Sums over the ledger for the back office, by hour and by day."""
