"""Panels of the home page and of a seller's page: what each one reads and shows."""
