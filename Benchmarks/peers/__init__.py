"""Other schedulers, doing the same work as qkron in the benchmarks."""
