"""Commands of deliveries."""
