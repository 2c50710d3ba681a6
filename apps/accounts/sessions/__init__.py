"""Logins, tokens, their limits, and the authentication of requests."""
