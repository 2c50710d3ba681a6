"""Requests of sellers for credit, and the decisions on them."""
