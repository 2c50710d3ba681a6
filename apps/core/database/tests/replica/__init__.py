"""Tests with a real streaming standby."""
