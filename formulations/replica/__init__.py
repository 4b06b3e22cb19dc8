"""Statements of the replica problem: pick one layout and one batch size."""
