"""The exact frontier of a fleet question, with proofs."""
