"""Rate limits and the counters behind them: in Redis, in memory of one machine, or of one process."""
