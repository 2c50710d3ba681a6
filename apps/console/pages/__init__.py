"""Pages: one admin class for each model, with its filters and forms."""
