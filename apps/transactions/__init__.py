"""Money: the ledger, and one package for each thing that is done with it."""
