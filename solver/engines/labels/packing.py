r"""Every nondominated image of a bi-objective set packing inside given boxes, listed exactly.

.. math::
    \min \; (c_1 x, c_2 x) \quad \text{s.t.} \quad
    \sum_{j \in R_i} x_j \le 1 \;\; \forall i, \quad x \in \{0, 1\}^n

Epsilon-constraint solves are slow here: the bound on the other objective spoils the structure, and
neighbouring solves repeat each other. The boxes between known points lie under few edges of the
points' convex hull, one or two per cent deep, so a handful of branch-and-bound runs along those
edges' normals settles all of them, in the two-phase manner of Ulungu and Teghem (1995) with the
second phase shared by all the triangles of an edge. Clique relaxations bound the nodes;
``packing_relaxation.py`` says why their bounds are integers that need no float to be right.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from formulations.milp import IntArray, Milp
from solver.engines.labels.packing_boxes import SCALE, best_group, split
from solver.engines.labels.packing_graph import ConflictGraph
from solver.engines.labels.packing_search import PackingSearch, SearchLedger

__all__ = ["ListedBoxes", "PackingLister"]

_WEIGHT_LIMIT = 2**40
"""Sum of the sizes of all weights along a direction; multipliers then fit a double exactly."""
_COLUMN_LIMIT = 1500
"""The graph is kept as a dense matrix, and stand-ins as one row an edge."""


@dataclass(frozen=True, slots=True, eq=False)
class ListedBoxes:
    """What a listing found.

    Parameters
    ----------
    images : (k, 2) int64
        Feasible images inside the boxes, mutually nondominated, dominated by no incumbent, sorted.
    points : (k, n) int64
        Column values of each.
    complete
        Whether that is every nondominated image of the boxes that no incumbent weakly dominates.
        Otherwise a limit came first.
    open_corners : (m, 2) int64
        Boxes where others may hide; none exactly where ``complete``.
    nodes
        Nodes of the search trees.
    """

    images: IntArray
    points: IntArray
    complete: bool
    open_corners: IntArray
    nodes: int


class PackingLister:
    """Lister for one packing program; keeps its conflict graph and cliques between calls.

    Raises
    ------
    ValueError
        If ``applies`` says no.
    """

    def __init__(self, milp: Milp) -> None:
        if not self.applies(milp):
            raise ValueError(f"{milp.name}: not a bi-objective set packing that can be listed")
        self._graph = ConflictGraph(milp)

    @classmethod
    def applies(cls, milp: Milp) -> bool:
        """Two objectives, binary columns, rows ``<= 1`` with unit coefficients, sizes in reach."""
        if len(milp.objectives) != 2 or not 1 <= milp.n_columns <= _COLUMN_LIMIT:
            return False
        weight = sum(abs(c) for goal in milp.objectives.values() for c in goal.tolist())
        return bool(
            weight * SCALE < _WEIGHT_LIMIT
            and milp.is_integer.all()
            and (milp.lower == 0).all()
            and (milp.upper == 1).all()
            and (milp.value == 1).all()
            and (milp.row_upper == 1).all()
            and (milp.row_lower <= 0).all()
        )

    def list_box(
        self,
        corners: Sequence[tuple[int, ...]],
        incumbents: IntArray,
        *,
        label_limit: int,
        deadline_s: float | None = None,
        should_stop: Callable[[], bool] | None = None,
    ) -> ListedBoxes:
        """List the union of the boxes below ``corners``.

        Parameters
        ----------
        corners
            Each names the images ``z < corner``.
        incumbents : (k, 2) int64
            Images of feasible points, in any order; may be empty. Good ones make the search short.
        label_limit
            Nodes that may be opened.
        deadline_s
            On the clock of ``time.monotonic``.
        should_stop
            Asked between nodes.

        Returns
        -------
        ListedBoxes
            Complete, or what was found until a limit came and the boxes still open.

        Raises
        ------
        ValueError
            If a corner or an incumbent has not two components.
        """

        def must_stop() -> bool:
            late = deadline_s is not None and time.monotonic() >= deadline_s
            return late or (should_stop is not None and should_stop())

        known = _pairs(incumbents, "incumbents")
        ledger = SearchLedger(
            corners=_open_boxes(_pairs(corners, "corners"), known),
            # Nothing chosen is always feasible, so there is a point to measure directions by.
            known=np.concatenate([known, np.zeros((1, 2), dtype=np.int64)]),
            node_limit=label_limit,
            must_stop=must_stop,
        )
        complete = True
        while len(ledger.corners) and complete:
            group = best_group(ledger.corners, ledger.known)
            search = PackingSearch(self._graph, group, ledger, self._graph.cliques)
            emptied = search.run()
            if emptied is None:
                complete = False
            else:
                ledger.corners = _without(ledger.corners, emptied)
        return self._listed(ledger, known, complete)

    def _listed(self, ledger: SearchLedger, incumbents: IntArray, complete: bool) -> ListedBoxes:
        """Keep what nothing else dominates."""
        images = np.array(sorted(ledger.found), dtype=np.int64).reshape(-1, 2)
        everyone = np.concatenate([images, incumbents])
        no_worse = (everyone[None, :, :] <= images[:, None, :]).all(axis=2)
        differs = (everyone[None, :, :] != images[:, None, :]).any(axis=2)
        images = images[~(no_worse & differs).any(axis=1)]
        chosen = [ledger.found[(z[0], z[1])] for z in images.tolist()]
        points = np.array(chosen, dtype=np.int64).reshape(-1, self._graph.n)
        return ListedBoxes(images, points, complete, ledger.corners, ledger.nodes)


def _pairs(values: Sequence[tuple[int, ...]] | IntArray, what: str) -> IntArray:
    """Values as (k, 2) int64."""
    if len(values) == 0:
        return np.zeros((0, 2), dtype=np.int64)
    pairs = np.array(values, dtype=np.int64)
    if pairs.ndim != 2 or pairs.shape[1] != 2:
        raise ValueError(f"{what}: two components each are needed, got shape {pairs.shape}")
    return pairs


def _open_boxes(corners: IntArray, incumbents: IntArray) -> IntArray:
    """Corners, (k, 2), of what no incumbent weakly dominates."""
    boxes = np.unique(corners, axis=0)
    for image in incumbents:
        boxes = split(boxes, image)
    return boxes


def _without(corners: IntArray, emptied: IntArray) -> IntArray:
    """Corners that lie in no emptied box."""
    inside = np.all(corners[:, None, :] <= emptied[None, :, :], axis=2)
    still_open: IntArray = corners[inside.sum(axis=1) == 0]
    return still_open
