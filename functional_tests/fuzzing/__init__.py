"""Requests that schemathesis makes up from `/swagger.json`, sent to the real server."""
