"""Settings modules: local and production, on a common base."""
