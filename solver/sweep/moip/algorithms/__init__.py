"""Published algorithms for the nondominated set, each on its own, to be compared."""

from __future__ import annotations

from solver.sweep.moip.algorithms.algorithm import Algorithm, AlgorithmRun
from solver.sweep.moip.algorithms.registry import ALGORITHMS

__all__ = ["ALGORITHMS", "Algorithm", "AlgorithmRun"]
