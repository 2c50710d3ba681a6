"""Values of the domain and their text forms: money, phone numbers, ids, times, the business day."""
