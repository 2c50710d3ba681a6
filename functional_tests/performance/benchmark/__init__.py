"""What a charge costs, and what each case costs in comparison: `make bench`, described in docs/performance.md."""
