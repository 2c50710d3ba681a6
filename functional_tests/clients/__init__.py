"""Clients that other projects generate from `/swagger.json`, run against the real server."""
