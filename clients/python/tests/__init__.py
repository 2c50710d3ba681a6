"""Tests of the client, against the real server and against answers that it does not give on demand."""
