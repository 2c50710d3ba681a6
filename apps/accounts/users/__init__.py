"""Users of a seller, as their owner manages them, and the caller itself."""
