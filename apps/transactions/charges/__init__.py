"""Selling charges: one or a batch, with their keys, limits and refusals."""
