"""Tests of what all endpoints share."""
