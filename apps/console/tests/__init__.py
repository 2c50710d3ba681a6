"""Tests of the pages, by the requests that browsers send."""
