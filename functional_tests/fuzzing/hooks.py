"""Strategies for the formats of our own, so that schemathesis gets past validation."""

import schemathesis
from hypothesis import strategies as st

MONEY = st.decimals("0.01", "999.99", places=2).map(str) | st.sampled_from(["0.01", "1", "50000.00", "999999999999.99"])
PHONES = st.integers(0, 9_999_999).map("+98912{:07}".format) | st.sampled_from(["09123456789", "+44 7400 123456"])
# Hypothesis writes every address that RFC 5322 allows, Django takes those that mail servers do.
ADDRESSES = st.integers(0, 10**9).map("fuzz{}@fuzz.example".format)

# Nothing answers there.
RECEIVERS = st.integers(0, 10**9).map("https://fuzz{}.example/hook".format)

schemathesis.openapi.format("decimal", MONEY)
schemathesis.openapi.format("phone", PHONES)
schemathesis.openapi.format("email", ADDRESSES)
schemathesis.openapi.format("https", RECEIVERS)
