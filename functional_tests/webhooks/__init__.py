"""Webhooks from commit to receiver: a real worker, killed at each step, and receivers that misbehave."""
