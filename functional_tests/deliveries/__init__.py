"""The oracle of deliveries: charges, workers that are killed, an operator with a book of its own, and the verdict."""
