"""Complete frontiers: by enumeration, or by a sweep of programs, with proofs."""
