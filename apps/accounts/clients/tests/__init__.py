"""Tests of API clients."""
