"""The second factor of staff: codes of an authenticator app, recovery codes, and the step-up before money moves."""
