"""Deliveries: what becomes of a sold charge at the mobile operator, until the operator has said it."""
