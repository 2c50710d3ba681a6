"""Tests of manage.py, the settings, the import contracts and the repository."""
