"""The only way to move money: lock a wallet, draft entries, write both; and the chain that the entries form."""
