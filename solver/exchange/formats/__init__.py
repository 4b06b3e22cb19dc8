"""MPS, LP and moip JSON written; solution files of other solvers read."""
