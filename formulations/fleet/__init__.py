"""Fleet sizing as numbers: counts of replicas against demand, limits, racks and routing."""
