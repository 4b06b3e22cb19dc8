"""Exact listing of boxes of objective space by labels: breadth-first, vectorised, in integers."""
