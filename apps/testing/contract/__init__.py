"""What the API promises at every endpoint, for tests that walk through all of them."""
