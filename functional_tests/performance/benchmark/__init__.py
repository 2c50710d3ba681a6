"""`make bench`: the cost of a charge beside that of other cases, described in docs/performance.md."""
