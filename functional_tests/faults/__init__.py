"""Break the service while it sells, and prove from the clients' own journals that no money was lost or made."""
