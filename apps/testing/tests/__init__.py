"""Tests that span all apps: authorisation, audit, translations, races, random steps."""
