"""Algorithms for the nondominated set by name."""

from __future__ import annotations

from solver.sweep.moip.algorithms.algorithm import Algorithm, always
from solver.sweep.moip.algorithms.boxes import boxes
from solver.sweep.moip.algorithms.listings import labels, labels_apply, packing, packing_applies
from solver.sweep.moip.algorithms.nested_epsilon import nested_epsilon
from solver.sweep.moip.algorithms.rectangles import rectangles
from solver.sweep.moip.algorithms.recursion import recursion

__all__ = ["ALGORITHMS"]

ALGORITHMS: dict[str, Algorithm] = {
    algorithm.name: algorithm
    for algorithm in (
        Algorithm(
            name="nested-epsilon",
            summary="nested epsilon-constraint loops with early exits and jumps (SAUGMECON)",
            textbook=True,
            uses_engine=True,
            applies=always,
            run=nested_epsilon,
        ),
        Algorithm(
            name="rectangles",
            summary="two-stage solves over rectangles (Kirlik and Sayın)",
            textbook=False,
            uses_engine=True,
            applies=always,
            run=rectangles,
        ),
        Algorithm(
            name="recursion",
            summary="recursion over objectives that uses answers again (Özlen, Burton, MacRae)",
            textbook=False,
            uses_engine=True,
            applies=always,
            run=recursion,
        ),
        Algorithm(
            name="boxes",
            summary="boxes of the search region, the largest first, closed by proofs",
            textbook=False,
            uses_engine=True,
            applies=always,
            run=boxes,
        ),
        Algorithm(
            name="labels",
            summary="dynamic programming over columns under dual bounds, no engine",
            textbook=False,
            uses_engine=False,
            applies=labels_apply,
            run=labels,
        ),
        Algorithm(
            name="packing",
            summary="branch and bound along hull edges, two-objective set packing, no engine",
            textbook=False,
            uses_engine=False,
            applies=packing_applies,
            run=packing,
        ),
    )
}
