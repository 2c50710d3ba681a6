"""Webhooks: endpoints of sellers, and the events that are sent to them as Standard Webhooks says."""
