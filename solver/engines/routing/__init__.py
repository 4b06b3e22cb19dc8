"""Whether a fleet can serve requests of several sizes, answered by exact certificates."""
