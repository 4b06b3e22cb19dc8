r"""Branch and bound over independent sets, along one direction, for a group of boxes.

Every independent set whose image lies in a box of the group weighs at least
:math:`-\max_u \lambda (u - 1)` in :math:`w = -\lambda C`, so a node whose bound falls below that is
dropped. A node is a set of columns still allowed; its clique relaxation gives the bound, the
columns that no good enough set can hold, and the column to branch on. Images found split the boxes
at once and so raise the weight that is asked for.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from formulations.milp import IntArray
from solver.engines.labels.packing_boxes import BoxGroup, relative_depth, split
from solver.engines.labels.packing_graph import BoolArray, ConflictGraph
from solver.engines.labels.packing_relaxation import CliqueRelaxation, FloatArray

__all__ = ["PackingSearch", "SearchLedger"]

REBUILD_BELOW = 0.7
"""A node with fewer than this share of its program's columns gets a program of its own."""
GREEDY_EVERY = 16
"""Nodes from one greedy completion to the next, after the first ``GREEDY_EVERY`` nodes."""
SHALLOW = 0.02
"""Boxes no deeper than this, relative to the best value along a direction, are kept with it."""
ODD_DEPTH = 2.0
"""Deeper ones are kept up to this multiple of the group's median depth."""


@dataclass(slots=True, eq=False)
class SearchLedger:
    """What one search knows and finds.

    Parameters
    ----------
    corners : (k, 2) int64
        Boxes not emptied yet; split at every image found.
    known : (m, 2) int64
        Images known before, and those found.
    found
        New images -> (n,) bool columns chosen.
    nodes
        Nodes opened so far.
    must_stop
        Asked at every node.
    """

    corners: IntArray
    known: IntArray
    must_stop: Callable[[], bool]
    found: dict[tuple[int, int], BoolArray] = field(default_factory=dict)
    nodes: int = 0

    def offer(self, image: IntArray, chosen: BoolArray) -> bool:
        """Record a feasible point if an open box holds it; says whether one does."""
        if not (image < self.corners).all(axis=1).any():
            return False
        self.found[(int(image[0]), int(image[1]))] = chosen.copy()
        self.known = np.concatenate([self.known, image[None, :]])
        self.corners = split(self.corners, image)
        return True


@dataclass(slots=True, eq=False)
class _Node:
    allowed: BoolArray
    chosen: BoolArray
    relaxation: CliqueRelaxation


class PackingSearch:
    """One search: a direction and the boxes it empties.

    Parameters
    ----------
    graph
    group
        Boxes, all of them open in the ledger, and their direction.
    ledger
    """

    def __init__(self, graph: ConflictGraph, group: BoxGroup, ledger: SearchLedger) -> None:
        self._graph = graph
        self._direction = group.direction
        self._corners = group.corners
        self._ledger = ledger
        self._weights: IntArray = group.direction @ graph.gains
        self._pull = self._weights.astype(np.float64)
        self._ask()

    def _ask(self) -> None:
        """Set the least weight that still matters."""
        reach = (self._corners - 1) @ self._direction
        self._least = -int(reach.max()) if len(reach) else None

    def run(self) -> IntArray | None:
        """Empty the boxes.

        Returns
        -------
        (k, 2) int64 or ``None``
            Corners proved empty of images other than those found; fewer than the group's boxes
            split at the images found, where some were better left to another direction. ``None``
            where a limit came first.
        """
        graph, ledger = self._graph, self._ledger
        everything = np.ones(graph.n, dtype=np.bool_)
        root = CliqueRelaxation(graph.cliques, graph.adjacency, self._weights, everything)
        root.tighten(rounds=8)
        # A column that gains nowhere only costs, whatever else is chosen.
        useful: BoolArray = np.asarray(np.any(graph.gains > 0, axis=0), dtype=np.bool_)
        stack = [_Node(useful, np.zeros(graph.n, dtype=np.bool_), root)]
        while stack and self._least is not None:
            if ledger.must_stop():
                return None
            ledger.nodes += 1
            eager = ledger.nodes <= GREEDY_EVERY or ledger.nodes % GREEDY_EVERY == 0
            stack.extend(self._children(stack.pop(), eager))
        return self._corners

    def _children(self, node: _Node, eager: bool) -> list[_Node]:
        """Nothing, or the two nodes that together hold all that matters below this one."""
        graph, allowed, chosen = self._graph, node.allowed, node.chosen
        relaxation = node.relaxation
        while True:
            graph.reduce(allowed, chosen)
            weight = int(self._weights[chosen].sum())
            count = int(allowed.sum())
            if not count:
                self._offer(chosen)
                return []
            if count < REBUILD_BELOW * len(relaxation.columns):
                cliques = relaxation.cliques
                relaxation = CliqueRelaxation(cliques, graph.adjacency, self._weights, allowed)
            bound, loss, values = relaxation.bound(allowed)
            if self._least is None or weight + bound < self._least:
                return []
            hopeless = allowed & (loss > weight + bound - self._least)
            leaving = int(hopeless.sum())
            allowed &= ~hopeless
            if 10 * leaving < count:
                break
        if not allowed.any():
            self._offer(chosen)
            return []
        if eager:
            self._offer(self._completed(allowed, chosen, values))
        return self._branches(_Node(allowed, chosen, relaxation), values)

    def _branches(self, node: _Node, values: FloatArray) -> list[_Node]:
        """Branch on an undecided column whose neighbours weigh much: taking it removes them."""
        graph, allowed = self._graph, node.allowed
        undecided = 0.02 + np.minimum(values, 1.0 - values)
        around = graph.adjacency @ np.where(allowed, self._pull, 0.0)
        column = int(np.where(allowed, undecided * (1.0 + np.maximum(around, 0.0)), -1.0).argmax())
        without = allowed.copy()
        without[column] = False
        taken = node.chosen.copy()
        taken[column] = True
        return [
            _Node(without, node.chosen, node.relaxation),
            # Last on the stack, first to be opened: taking a column finds images sooner.
            _Node(without & ~graph.adjacency[column], taken, node.relaxation),
        ]

    def _completed(self, allowed: BoolArray, chosen: BoolArray, values: FloatArray) -> BoolArray:
        """A maximal independent set that follows the relaxation's values, greedily."""
        heaviest = max(1.0, float(np.abs(self._pull).max()))
        rank = values + 1e-3 * self._pull / heaviest
        allowed, chosen = allowed.copy(), chosen.copy()
        for column in np.argsort(-rank).tolist():
            if allowed[column] and self._weights[column] > 0:
                chosen[column] = True
                allowed &= ~self._graph.adjacency[column]
        return chosen

    def _offer(self, chosen: BoolArray) -> None:
        """Hand a feasible point to the ledger, and ask for more weight if it was new."""
        image = -self._graph.gains[:, chosen].sum(axis=1)
        if not self._ledger.offer(image, chosen):
            return
        corners = split(self._corners, image)
        if len(corners):
            # Boxes far deeper than the point found hang under another edge of the hull by now;
            # dropping them here leaves them to a search of their own.
            depth = relative_depth(self._direction[None, :], corners, self._ledger.known)[:, 0]
            corners = corners[depth <= max(SHALLOW, ODD_DEPTH * float(np.median(depth)))]
        self._corners = corners
        self._ask()
