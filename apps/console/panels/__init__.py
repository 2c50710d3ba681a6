"""Panels of the home page and of a seller's page, one function for each."""
