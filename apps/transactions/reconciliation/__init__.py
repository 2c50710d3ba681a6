"""Comparison of balances with the ledger, proof of its chain, seals, and repair of a wallet."""
