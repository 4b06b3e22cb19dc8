"""The greatest token rate of a cluster: plans, bounds and their proofs."""
