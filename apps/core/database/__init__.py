"""PostgreSQL: errors, roles, privileges, timeouts, the standby, Django's backend and the embedded server."""
