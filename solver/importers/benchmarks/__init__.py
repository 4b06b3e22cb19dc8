"""Results of serving benchmarks as measured operating points of a fleet."""
