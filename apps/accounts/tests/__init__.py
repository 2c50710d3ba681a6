"""Tests of models and signals of accounts."""
