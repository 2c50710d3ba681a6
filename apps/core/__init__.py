"""Foundations that every app may import, without models: six packages, from values up to apidocs."""
