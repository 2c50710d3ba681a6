"""Tests that need a running server and speak to it only over HTTP."""
