"""Registration of sellers, their profile, and the steps of their status."""
