r"""The Lagrangian bound of shared limits, by cutting planes over tables and blocks.

.. math::
    L(\mu) = \sum_g \min_{p \in P_g} (1, \mu) \cdot v_p - \mu \cdot b ,\qquad \mu \ge 0

is a lower bound for every :math:`\mu` and concave. A group is a table of plans or a block, whose
cheapest plan is priced exactly. The linear program that proposes :math:`\mu` is solved in floats
(Kelley 1960; with blocks it is Dantzig-Wolfe's master seen from its dual); multipliers are rounded
to a grid and the bound is then evaluated in integers, so nothing rests on the floats.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from formulations.milp import IntArray
from solver.engines.blocks.looking import Look, unwatched
from solver.engines.blocks.plans import Plans
from solver.engines.blocks.pricing import cheapest_plan
from solver.engines.blocks.structure import Block

__all__ = ["Bound", "CutPool", "Group", "best_bound", "evaluate"]

Group = Plans | Block
CutPool = dict[Block, dict[tuple[int, ...], None]]
"""Plans of blocks, cost and uses, in the order in which they were met."""

_SEEDS = 60
_SMALL_SHARE = 0.01
_STEP = 0.3
EFFORT = 1_000_000
"""Combinations for the price of a block; beyond, a lower bound on it has to do."""
PRICED = 20_000
"""Rows that take about as long as the price of a block."""


@dataclass(frozen=True, slots=True, eq=False)
class Bound:
    """The best bound met.

    Parameters
    ----------
    value
        Exact, in units of ``scale`` to one of cost.
    weights : (1 + R,) int64
        ``scale`` and the multipliers.
    least
        Cheapest price of every group under the weights, or a lower bound on it; their sum less
        the limits is ``value``.
    cheapest : (groups, 1 + R)
        A cheap plan of every group.
    mean : (groups, 1 + R) float, or ``None``
        Of every group, the mix of plans that meets all limits at the cost of the bound: where
        good fleets may be looked for. Proves nothing.
    """

    value: int
    weights: IntArray
    least: tuple[int, ...]
    cheapest: IntArray
    mean: npt.NDArray[np.float64] | None = None


def evaluate(
    groups: Sequence[Group], limit: IntArray, weights: IntArray, *, effort: int | None = EFFORT
) -> Bound:
    """The bound under given weights, in integers; see ``cheapest_plan`` for ``effort``."""
    least, cheapest = [], []
    for group in groups:
        if isinstance(group, Block):
            plan = cheapest_plan(group, weights, effort=effort)
            least.append(plan.price)
            cheapest.append(plan.vector)
        else:
            priced = group.vector @ weights
            row = int(priced.argmin())
            least.append(int(priced[row]))
            cheapest.append(group.vector[row])
    charge = sum(w * b for w, b in zip(weights[1:].tolist(), limit.tolist(), strict=True))
    return Bound(sum(least) - charge, weights, tuple(least), np.array(cheapest))


def best_bound(
    groups: Sequence[Group],
    limit: IntArray,
    *,
    scale: int,
    start: IntArray,
    dearest: IntArray,
    rounds: int = 60,
    aim: int | None = None,
    pool: CutPool | None = None,
    look: Look = unwatched,
) -> Bound:
    """Maximise the bound from multipliers ``start``.

    Parameters
    ----------
    limit : (R,)
    scale
        Grid of the multipliers: they are multiples of 1/scale units of cost.
    start : (1 + R,) weights to begin with
    dearest : (R,) greatest multiplier of each limit that prices safely, in grid units
    aim
        A value worth reaching: the bound is not improved beyond it, nor by less than a small
        part of what is missing.
    pool
        Plans of blocks met before: where the search begins. Plans met now are added.
    look
        Told the work of every round; may raise to stop.
    """
    best = evaluate(groups, limit, start)
    if not len(limit):
        return best
    unit = np.maximum(limit, 1).astype(np.float64)
    cuts: list[list[tuple[int, ...]]] = [[] for _ in groups]
    known: list[set[tuple[int, ...]]] = [set() for _ in groups]

    def learn(number: int, vector: IntArray) -> bool:
        key = tuple(vector.tolist())
        if key in known[number]:
            return False
        known[number].add(key)
        cuts[number].append(key)
        return True

    pool = {} if pool is None else pool
    for number, group in enumerate(groups):
        if isinstance(group, Block):
            for vector in list(pool.setdefault(group, {}))[-_SEEDS:]:
                known[number].add(vector)
                cuts[number].append(vector)
    # Half a second to load, and most questions are answered without it.
    from scipy.optimize import linprog

    current = best
    mean: npt.NDArray[np.float64] | None = None
    for _ in range(rounds):
        look(sum(PRICED if isinstance(group, Block) else len(group) for group in groups))
        if aim is not None and best.value > aim:
            break
        fresh = [learn(number, vector) for number, vector in enumerate(current.cheapest)]
        for group, vector in zip(groups, current.cheapest.tolist(), strict=True):
            if isinstance(group, Block):
                pool[group][tuple(vector)] = None
        if not any(fresh):
            break
        table = np.array([row for rows in cuts for row in rows], dtype=np.float64)
        owner = np.repeat(np.arange(len(groups)), [len(rows) for rows in cuts])
        matrix = np.zeros((len(table), len(limit) + len(groups)))
        matrix[:, : len(limit)] = -table[:, 1:] / unit
        matrix[np.arange(len(table)), len(limit) + owner] = 1.0
        low, high = np.zeros(len(limit)), dearest / scale
        if start[1:].any():
            # From a good start no wild multipliers are tried: under them blocks price slowly.
            centre = best.weights[1:] / scale
            reach = _STEP * np.maximum(centre, high / 100)
            low, high = np.maximum(centre - reach, 0.0), np.minimum(centre + reach, high)
            low = np.minimum(low, high)
        answer = linprog(
            np.concatenate([limit / unit, -np.ones(len(groups))]),
            A_ub=matrix,
            b_ub=table[:, 0],
            bounds=list(zip(low * unit, high * unit, strict=True)) + [(None, None)] * len(groups),
            method="highs",
        )
        if answer.x is None or answer.fun is None:
            break
        proposed = np.rint(answer.x[: len(limit)] / unit * scale).astype(np.int64)
        weights = np.concatenate([[scale], np.clip(proposed, 0, dearest)]).astype(np.int64)
        try:
            current = evaluate(groups, limit, weights)
        except OverflowError:
            break  # multipliers too large to price exactly; what was met before still holds
        if current.value > best.value:
            best = current
        shares = -np.asarray(answer.ineqlin.marginals)
        mean = np.array(
            [shares[owner == number] @ table[owner == number] for number in range(len(groups))]
        )
        missing = 0.0 if aim is None else _SMALL_SHARE * (aim - best.value)
        if -answer.fun * scale - best.value < max(1.0, 1e-9 * abs(best.value), missing):
            break
    return replace(best, mean=mean)
