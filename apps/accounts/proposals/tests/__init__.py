"""Tests of the second person."""
