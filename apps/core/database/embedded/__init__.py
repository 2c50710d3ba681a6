"""The PostgreSQL server that runs from PyPI's binaries when no DATABASE_HOST is set."""
