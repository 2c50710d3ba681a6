"""Production, for real: Debian's nginx, PgBouncer, Redis and Prometheus with the files that compose mounts."""
