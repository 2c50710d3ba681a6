"""A seller's balance at a moment, and its movements between two."""
