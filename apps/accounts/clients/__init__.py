"""API clients: programs of a seller, their secrets, and the tokens they get (OAuth 2.0 client credentials)."""
