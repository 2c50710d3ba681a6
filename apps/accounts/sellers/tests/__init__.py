"""Tests of sellers."""
