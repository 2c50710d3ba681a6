"""Promises of the API at every endpoint: statuses by role, lists, forged tokens, the audit line of each step."""
