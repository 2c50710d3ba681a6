"""Tests of the load script itself, against a small fake of the API."""
