r"""Bi-objective set packing, one search at a time, each listing boxes or proving a bound exactly.

.. math::
    \min \; (c_1 x, c_2 x) \quad \text{s.t.} \quad
    \sum_{j \in R_i} x_j \le 1 \;\; \forall i, \quad x \in \{0, 1\}^n

Epsilon-constraint solves are slow here: the bound on the other objective spoils the structure, and
neighbouring solves repeat each other. The boxes between known points lie under few edges of the
points' convex hull, one or two per cent deep, so a handful of branch-and-bound runs along those
edges' normals settles all of them: the two phases of Ulungu and Teghem, "The two phases method: an
efficient procedure to solve bi-objective combinatorial optimization problems" (Foundations of
Computing and Decision Sciences 20, 1995), the second one shared by all the triangles of an edge.

* A *supported* step asks for the least weighted sum :math:`\lambda z` of all: it ends with a
  supported point and the proof that no image lies below it.
* A *group* step empties the boxes that hang under one edge.

Clique relaxations bound the nodes; ``packing_relaxation.py`` says why their bounds are integers
that need no float to be right.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from formulations.milp import IntArray, Milp
from solver.engines.labels.packing_boxes import SCALE, BoxGroup
from solver.engines.labels.packing_graph import BoolArray, ConflictGraph
from solver.engines.labels.packing_search import PackingSearch, SearchLedger

__all__ = ["PackingSteps", "StepReport"]

_WEIGHT_LIMIT = 2**40
"""Sum of the sizes of all weights along a direction; multipliers then fit a double exactly."""
_COLUMN_LIMIT = 1500
"""The graph is kept as a dense matrix, and stand-ins as one row an edge."""


@dataclass(frozen=True, slots=True, eq=False)
class StepReport:
    """What a step found.

    Parameters
    ----------
    images : (k, 2) int64
        Feasible images inside the boxes, sorted; not necessarily nondominated.
    points : (k, n) int64
        Column values of each.
    emptied : (m, 2) int64
        Corners whose boxes are proved to hold no feasible image; those found lie outside.
    bound
        Of a supported step: no feasible image has a smaller weighted sum.
    finished
        Whether the step came to its end.
    interrupted
        Whether Ctrl-C was what ended it.
    nodes
        Nodes of its tree.
    """

    images: IntArray
    points: IntArray
    emptied: IntArray
    bound: int | None
    finished: bool
    interrupted: bool
    nodes: int


class _SupportedSearch(PackingSearch):
    """Asks for more weight than any point met so far has, whatever the boxes allow."""

    def _ask(self) -> None:
        self._least = 1 - int((self._ledger.known @ self._direction).min())

    def _offer(self, chosen: BoolArray) -> None:
        image = -self._graph.gains[:, chosen].sum(axis=1)
        known = self._ledger.known
        if not self._ledger.offer(image, chosen) and (
            image @ self._direction < (known @ self._direction).min()
        ):
            # Outside the boxes, and yet it bounds the weighted sum.
            self._ledger.known = np.concatenate([known, image[None, :]])
        self._ask()


class PackingSteps:
    """Steps on one packing program; keeps its conflict graph and cliques between them.

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

    def run(
        self,
        group: BoxGroup,
        known: IntArray,
        *,
        supported: bool,
        must_stop: Callable[[], bool],
    ) -> StepReport:
        """Take one step.

        Parameters
        ----------
        group
            A direction, and the boxes it serves; for a supported step all that are open.
        known : (m, 2) int64
            Images of feasible points, none of them inside a box; may be empty. Good ones make the
            step short.
        must_stop
            Asked at every node; a true answer ends the step, as Ctrl-C does, with what it has.
        """
        # Nothing chosen is always feasible, so there is a point to measure by.
        origin = np.zeros((1, 2), dtype=np.int64)
        ledger = SearchLedger(
            corners=group.corners,
            known=np.concatenate([known.reshape(-1, 2), origin]),
            must_stop=must_stop,
        )
        kind = _SupportedSearch if supported else PackingSearch
        emptied: IntArray | None = None
        interrupted = True
        with contextlib.suppress(KeyboardInterrupt):
            emptied = kind(self._graph, group, ledger).run()
            interrupted = False
        finished = emptied is not None
        bound = int((ledger.known @ group.direction).min()) if finished and supported else None
        if emptied is None or supported:
            emptied = np.zeros((0, 2), dtype=np.int64)
        images = np.array(sorted(ledger.found), dtype=np.int64).reshape(-1, 2)
        chosen = [ledger.found[(z[0], z[1])] for z in images.tolist()]
        points = np.array(chosen, dtype=np.int64).reshape(-1, self._graph.n)
        return StepReport(images, points, emptied, bound, finished, interrupted, ledger.nodes)
