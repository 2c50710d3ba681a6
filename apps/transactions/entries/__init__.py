"""Ledger entries as they are read: lists, export, phone numbers, balances; and their reversal."""
