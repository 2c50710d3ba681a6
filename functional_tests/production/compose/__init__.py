"""Tests of the compose files on a container engine."""
