r"""One step of a packing search at a time, so that each brings its finds and proofs home.

Two kinds. A *supported* step asks for the least weighted sum :math:`\lambda z` of all: it ends with
a supported point and the proof that no image lies below it (the first phase of Ulungu and Teghem,
"The two phases method", Foundations of Computing and Decision Sciences 20, 1995). A *group* step
empties the boxes that hang under one edge of the hull of the known points (their second phase).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from formulations.milp import IntArray, Milp
from solver.engines.labels.packing import PackingLister
from solver.engines.labels.packing_boxes import BoxGroup
from solver.engines.labels.packing_graph import BoolArray, ConflictGraph
from solver.engines.labels.packing_search import PackingSearch, SearchLedger

__all__ = ["PackingStep", "PackingSteps"]

_NODE_LIMIT = 2**62


@dataclass(frozen=True, slots=True, eq=False)
class PackingStep:
    """What a step found.

    Parameters
    ----------
    images : (k, 2) int64
        Feasible images inside the boxes.
    points : (k, n) int64
    emptied : (m, 2) int64
        Corners proved to hold no image but those found (and what they dominate).
    bound
        Supported steps: no feasible image has a smaller weighted sum.
    finished
        Whether the step came to its end.
    """

    images: IntArray
    points: IntArray
    emptied: IntArray
    bound: int | None
    finished: bool


class _SupportedSearch(PackingSearch):
    """Asks for more weight than any known point has, whatever the boxes allow."""

    def _ask(self) -> None:
        self._least = 1 - int((self._ledger.known @ self._direction).min())

    def _offer(self, chosen: BoolArray) -> None:
        image = -self._graph.gains[:, chosen].sum(axis=1)
        if self._ledger.offer(image, chosen):
            self._ask()


class PackingSteps:
    """Steps on one packing program; keeps its conflict graph and cliques.

    Raises
    ------
    ValueError
        If the program is none that ``PackingLister`` takes.
    """

    def __init__(self, milp: Milp) -> None:
        if not PackingLister.applies(milp):
            raise ValueError(f"{milp.name}: not a bi-objective set packing that can be listed")
        self._graph = ConflictGraph(milp)

    def run(
        self,
        direction: tuple[int, ...],
        corners: IntArray,
        known: IntArray,
        *,
        supported: bool,
        must_stop: Callable[[], bool],
    ) -> PackingStep:
        """Take one step.

        Parameters
        ----------
        direction : (2,) positive
        corners : (k, 2) int64
            Boxes; for a supported step all that are open.
        known : (m, 2) int64
            Images of feasible points; may be empty.
        must_stop
            Asked at every node; Ctrl-C acts like a true answer.
        """
        weights = np.array(direction, dtype=np.int64)
        # Nothing chosen is always feasible, so there is a point to measure by.
        origin = np.zeros((1, 2), dtype=np.int64)
        ledger = SearchLedger(
            corners=corners,
            known=np.concatenate([known.reshape(-1, 2), origin]),
            node_limit=_NODE_LIMIT,
            must_stop=must_stop,
        )
        kind = _SupportedSearch if supported else PackingSearch
        emptied: IntArray | None = None
        try:
            search = kind(self._graph, BoxGroup(weights, corners), ledger, self._graph.cliques)
            emptied = search.run()
        except KeyboardInterrupt:
            emptied = None
        finished = emptied is not None
        if emptied is None or supported:
            emptied = np.zeros((0, 2), dtype=np.int64)
        images = np.array(sorted(ledger.found), dtype=np.int64).reshape(-1, 2)
        chosen = [ledger.found[(z[0], z[1])] for z in images.tolist()]
        points = np.array(chosen, dtype=np.int64).reshape(-1, self._graph.n)
        bound = int((ledger.known @ weights).min()) if supported and finished else None
        return PackingStep(images, points, emptied, bound, finished)
