"""Logs, events, metrics, and the id and address of the current request."""
