r"""Cuts of Pyomo's ``gdp.cuttingplane``, each turned into a row of integers that is proved right.

The rounds are those of Sawaya and Grossmann (2005, "A cutting plane method for solving linear
generalized disjunctive programming problems", Computers and Chemical Engineering 29), as Pyomo runs
them: the relaxed big-M program is solved, its optimum :math:`x^*` projected on the relaxed hull in
the infinity norm (so that both are linear programs), and the dual of the projection is the normal
:math:`\alpha` of a cut :math:`\alpha x \ge \beta`. HiGHS solves both in floating point, so nothing
of that is believed:

1. :math:`\alpha` is scaled to ``LARGEST`` and rounded to integers;
2. :math:`\beta` is computed anew, in integers, as the least of :math:`\alpha x` over all allowed
   cells, :math:`T` and :math:`C` at the ranks of the cell where their coefficient is positive, at
   :math:`\overline T` and :math:`\overline C` where it is negative;
3. both are divided by the greatest common divisor of :math:`\alpha`, :math:`\beta` rounded up;
4. a cut that no longer removes :math:`x^*` is dropped, and the rounds end.

Since step two runs over cells and not over the relaxed hull, a cut may lie deeper than the hull.

The relaxation of a frontier has no one objective, so the rounds are run for each of ``DIRECTIONS``,
weighted sums of latency and cost in units of their ranges, cuts found before staying in.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from formulations.milp import IntArray
from formulations.replica.gdp import build_gdp, transformed
from formulations.replica.lifting import lifted_ranks
from formulations.replica.problem import ReplicaProblem

__all__ = ["CUTS_A_DIRECTION", "DIRECTIONS", "IntegerCut", "add_cuts", "proved_cuts", "weakest"]

DIRECTIONS: tuple[tuple[int, int], ...] = ((1, 1), (3, 1), (1, 3))
"""Weights of latency and cost, each divided by its range."""

CUTS_A_DIRECTION = 3
"""Most rounds of a direction; each gives one cut."""

LARGEST = 10_000
"""Largest coefficient before step three."""

_LARGEST_TERM = 10**7
"""Most that a coefficient times its column may reach; float engines are exact well above it."""

_LEAST_VIOLATION = 1e-3
"""In units of the largest coefficient; the filter of Pyomo's own cuts."""

_SOLVER = "appsi_highs"


@dataclass(frozen=True, slots=True, eq=False)
class IntegerCut:
    r""":math:`\alpha x \ge \beta` over layouts, batch levels, latency and cost.

    Parameters
    ----------
    layout, batch : (layouts,), (batch levels,) int64
        Coefficients of :math:`y` and :math:`z`.
    latency, cost
        Coefficients of :math:`T` and :math:`C`.
    least
        :math:`\beta`.
    """

    layout: IntArray
    batch: IntArray
    latency: int
    cost: int
    least: int

    def __post_init__(self) -> None:
        for array in (self.layout, self.batch):
            array.setflags(write=False)

    def value(self, y: Any, z: Any, latency: Any, cost: Any) -> Any:
        """Left side at a point; arrays (layouts,) and (batch levels,), floats or Pyomo terms."""
        return (
            sum(int(a) * v for a, v in zip(self.layout, y, strict=True))
            + sum(int(a) * v for a, v in zip(self.batch, z, strict=True))
            + self.latency * latency
            + self.cost * cost
        )


def weakest(
    problem: ReplicaProblem, *, layout: IntArray, batch: IntArray, latency: int, cost: int
) -> int:
    """Least value of a left side over all allowed cells and all T and C that they permit.

    Raises
    ------
    ValueError
        If no cell is allowed.
    """
    if not problem.n_columns:
        raise ValueError(f"{problem.name}: no cell is allowed, so every cut is right")
    ranks = lifted_ranks(problem)
    latency_at = problem.latency if latency >= 0 else np.full_like(problem.cost, ranks.latency_high)
    cost_at = problem.cost if cost >= 0 else np.full_like(problem.cost, ranks.cost_high)
    values = layout[:, None] + batch[None, :] + latency * latency_at + cost * cost_at
    return int(values[problem.allowed].min())


def _integer_cut(
    problem: ReplicaProblem, normal: np.ndarray[Any, np.dtype[np.float64]]
) -> IntegerCut | None:
    """Steps one to three; the normal is (layouts + batch levels + 2,), latency and cost last."""
    n_layouts = len(problem.allowed)
    largest = float(np.abs(normal).max(initial=0.0))
    if not (math.isfinite(largest) and largest > 0):
        return None
    ranks = lifted_ranks(problem)
    reach = np.ones(len(normal))
    reach[-2:] = max(ranks.latency_high, 1), max(ranks.cost_high, 1)
    scale = min(LARGEST / largest, _LARGEST_TERM / float((np.abs(normal) * reach).max()))
    alpha = np.rint(normal * scale).astype(np.int64)
    divisor = int(np.gcd.reduce(alpha))
    if divisor == 0:
        return None
    alpha //= divisor
    layout, batch = alpha[:n_layouts], alpha[n_layouts:-2]
    latency, cost = int(alpha[-2]), int(alpha[-1])
    # Integer columns and coefficients: the least value is the right side, rounding up included.
    least = weakest(problem, layout=layout, batch=batch, latency=latency, cost=cost)
    return IntegerCut(layout, batch, latency, cost, least)


@contextmanager
def _quiet() -> Iterator[None]:
    """Pyomo reports every round, and calls of its own it dislikes, as warnings; none is a fault."""
    logger = logging.getLogger("pyomo")
    before = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(before)


def add_cuts(model: Any, cuts: list[IntegerCut]) -> None:
    """Add these rows to a model of ``build_gdp`` that is not transformed yet."""
    import pyomo.environ as pyo  # type: ignore[import-untyped]

    y = [rule.binary_indicator_var for rule in model.rules.values()]
    z = list(model.z.values())
    model.proved_cuts = pyo.Constraint(range(len(cuts)))
    for index, cut in enumerate(cuts):
        model.proved_cuts[index] = cut.value(y, z, model.T, model.C) >= cut.least


def proved_cuts(problem: ReplicaProblem) -> list[IntegerCut]:
    """All cuts of all directions, in the order found; none where no cell is allowed.

    The same on every run with the same library versions: HiGHS runs on one thread.

    Raises
    ------
    ImportError
        If there is no Pyomo, or it finds no HiGHS.
    """
    tables = (problem.memory_latency, problem.arithmetic_latency, problem.cost)
    grid = tuple(np.ascontiguousarray(table, dtype=np.int64).tobytes() for table in tables)
    return list(_cuts_of_grid(problem.allowed.shape, *grid, problem.allowed.tobytes()))


# A benchmark states one grid again for every level and engine; the rounds take seconds.
@lru_cache(maxsize=8)
def _cuts_of_grid(
    shape: tuple[int, int], memory: bytes, arithmetic: bytes, cost: bytes, allowed: bytes
) -> tuple[IntegerCut, ...]:
    """All cuts of the grid with these tables, as bytes of int64 and bool, row by row."""
    problem = ReplicaProblem(
        "grid",
        memory_latency=np.frombuffer(memory, np.int64).reshape(shape),
        arithmetic_latency=np.frombuffer(arithmetic, np.int64).reshape(shape),
        cost=np.frombuffer(cost, np.int64).reshape(shape),
        allowed=np.frombuffer(allowed, np.bool_).reshape(shape),
    )
    cuts: list[IntegerCut] = []
    if problem.n_columns:
        for direction in DIRECTIONS:
            cuts += _cuts_of(problem, direction, cuts)
    return tuple(cuts)


def _cuts_of(
    problem: ReplicaProblem, direction: tuple[int, int], known: list[IntegerCut]
) -> list[IntegerCut]:
    """Cuts of one direction beyond those known."""
    model = build_gdp(problem)
    import pyomo.environ as pyo

    if not pyo.SolverFactory(_SOLVER).available(exception_flag=False):
        raise ImportError(
            "the formulation gdp_cutting_plane separates its cuts by HiGHS through Pyomo "
            f"({_SOLVER}), which finds no highspy. Install fleetfront again in its own environment"
        )
    ranks = lifted_ranks(problem)
    add_cuts(model, known)
    model.latency.deactivate()
    model.cost.deactivate()
    latency_range = max(ranks.latency_high - ranks.latency_low, 1)
    cost_range = max(ranks.cost_high - ranks.cost_low, 1)
    # Pyomo divides by the optimum of the round before, which is 0 where ranks begin at 0.
    model.direction = pyo.Objective(
        expr=1 + direction[0] / latency_range * model.T + direction[1] / cost_range * model.C
    )
    y = [rule.binary_indicator_var for rule in model.rules.values()]
    z = list(model.z.values())
    columns = [*y, *z, model.T, model.C]
    place = {id(column): index for index, column in enumerate(columns)}
    found: list[IntegerCut] = []

    def separate(hull: Any, columns_hull_star: list[Any], *_: Any) -> list[Any] | None:
        """The cut of a round, from the multipliers of the projection; ``None`` ends the rounds."""
        duals = hull.model().dual
        normal = np.zeros(len(columns))
        for index, (column, _, _) in enumerate(columns_hull_star):
            above, below = (
                # Multipliers of rows ">=" of a minimum; HiGHS may return them a hair below 0.
                max(0.0, float(duals[hull.inf_norm_linearization[2 * index + side]]))
                for side in (0, 1)
            )
            normal[place[id(column)]] = above - below
        cut = _integer_cut(problem, normal)
        if cut is None:
            return None
        # The relaxed big-M program was solved last; a column it does not need has no value.
        at = [[float(column.value or 0.0) for column in part] for part in (y, z)]
        left = cut.value(at[0], at[1], float(model.T.value), float(model.C.value))
        largest = max(int(np.abs(part).max()) for part in (cut.layout, cut.batch))
        largest = max(largest, abs(cut.latency), abs(cut.cost))
        if left > cut.least - _LEAST_VIOLATION * largest:
            return None
        found.append(cut)
        return [cut.value(y, z, model.T, model.C) >= cut.least]

    with _quiet():
        transformed(
            model,
            "cuttingplane",
            solver=_SOLVER,
            solver_options={"threads": 1},
            norm=float("inf"),
            create_cuts=separate,
            # What Pyomo would do to make up for rounding, the integer right side has done.
            post_process_cut=None,
            max_number_of_cuts=CUTS_A_DIRECTION,
            minimum_improvement_threshold=1e-4,
            separation_objective_threshold=1e-4,
        )
    return found
