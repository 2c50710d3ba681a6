"""Tests of the back office, posted to as staff would."""
