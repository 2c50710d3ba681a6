"""HTTP of every endpoint: parsers, input, fields, problems, pages, idempotency keys, CSV, health, metrics."""
