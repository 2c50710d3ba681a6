"""A mobile operator for development and tests: a real HTTP server whose answers the phone number chooses."""
