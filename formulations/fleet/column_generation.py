r"""Column generation: the linear master over rack patterns, priced by exact knapsacks.

Master (Dantzig and Wolfe 1960; Gilmore and Gomory 1961): the program of ``rack_patterns`` with
:math:`n` and :math:`z` continuous, over the patterns known so far. Its multipliers, rounded to a
grid of integers, price every orbit exactly; each pattern that is worth more than its orbit's
multiplier enters, filled up until it is maximal. The bound that goes with them holds in integers
(``column_bound``); the best of all rounds is ``dual_bound``.

The restricted program: the same rows over integers and the patterns generated. **Its optimum is an
upper bound**, and proved where ``dual_bound`` meets it. With an ``incumbent`` (the goal of a known
plan) it is exact: a pattern that no plan of that goal or less can use is told by the bound with one
rack of it forced, as long as

.. math::
    \text{bound} + \max_{q'} \pi q' - \pi q \;>\; \text{incumbent}

and all other maximal patterns are written out (refused beyond 5,000 for an orbit). Then no plan
at least as good as the incumbent is lost, bounded measures or not; what is infeasible or worse in
this program says nothing beyond that.

Not for problems in which any one rack may be lost, and not for those without racks.

Size: rows as ``rack_patterns``; :math:`n` columns and one for each pattern generated, which no
formula tells beforehand.

Strength: once generation has converged the linear bound for its goal is that of ``rack_patterns``
(no pattern left out has a negative reduced cost); before that, and for other measures, the bound of
the restricted program may be above the optimum of the problem, and proves nothing: ``dual_bound``
does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from formulations.fleet.column_bound import (
    GRID,
    ColumnBound,
    Goal,
    column_bound,
    goal_coefficients,
    on_grid,
)
from formulations.fleet.maximal_patterns import maximal_patterns
from formulations.fleet.pattern_master import MasterAnswer, PatternMaster
from formulations.fleet.problem import COST, FleetProblem
from formulations.fleet.program import FleetProgram
from formulations.fleet.rack_patterns import (
    MOST_PATTERNS,
    pattern_program,
    pattern_size,
    shapes_of,
)
from formulations.fleet.rack_shapes import Pattern, RackShapes, grown
from formulations.fleet.routing import Cut
from formulations.fleet.tight_rows import count_rows, tight_upper
from formulations.milp import IntArray
from formulations.size import ProgramSize

__all__ = [
    "GeneratedColumns",
    "build_column_generation",
    "dual_bound",
    "generate_columns",
    "patterns_within",
    "size_column_generation",
]

_MOST_ROUNDS = 200
_FLOAT_ZERO = 1e-7


@dataclass(frozen=True, slots=True, eq=False)
class GeneratedColumns:
    """What generation found for one goal.

    Parameters
    ----------
    patterns
        Generated, all maximal.
    best
        The strongest bound met, with its multipliers; ``None`` where ``infeasible``.
    infeasible
        Proved in integers: no plan at all.
    ray
        The multipliers that prove it.
    rounds
        Linear masters priced.
    converged
        No pattern was left to enter; else generation stopped after 200 rounds.
    """

    problem: FleetProblem
    goal: Goal
    rows: tuple[Cut, ...]
    shapes: RackShapes
    upper: IntArray
    patterns: tuple[Pattern, ...]
    best: ColumnBound | None
    infeasible: bool
    converged: bool
    ray: ColumnBound | None = None
    rounds: int = 0


def _seed(shapes: RackShapes, orbits: Sequence[int]) -> dict[Pattern, None]:
    """For each orbit and each shape it admits, a maximal pattern that begins with that shape."""
    found: dict[Pattern, None] = {}
    for orbit in orbits:
        capacity = shapes.capacity(orbit)
        for shape in shapes.admits[orbit]:
            units = [0] * shapes.n_shapes
            units[shape] = shapes.fits(shape, capacity)
            found[grown(shapes, Pattern(orbit, tuple(units)))] = None
    return found


def generate_columns(
    problem: FleetProblem,
    goal: Goal = COST,
    cuts: Sequence[Sequence[Cut]] = (),
) -> GeneratedColumns:
    """Generate patterns until none would improve the linear master.

    Parameters
    ----------
    goal
        A measure, or weights of several, minimised.
    cuts
        For each routing of the problem, cuts found so far; ``()`` for none.

    Raises
    ------
    ValueError
        If there are no racks, a rack may be lost, or a measure is unknown.
    """
    upper = tight_upper(problem)
    shapes = shapes_of(problem, upper)
    rows = tuple(count_rows(problem, upper, cuts))
    costs = goal_coefficients(problem, goal)
    orbits = [orbit for orbit, count in enumerate(shapes.racks.count.tolist()) if count]
    patterns = _seed(shapes, orbits)
    master = PatternMaster(rows, shapes, upper)

    def priced(answer: MasterAnswer, of: Sequence[int], unit: float) -> tuple[ColumnBound, bool]:
        """The bound of these multipliers, and whether a new pattern entered."""
        found = column_bound(
            of, rows, shapes, upper,
            alpha=on_grid((answer.alpha * unit).tolist()),
            pi=on_grid((answer.pi * unit).tolist()),
        )  # fmt: skip
        before = len(patterns)
        for orbit in orbits:
            if found.best[orbit] > (answer.mu[orbit] * unit + _FLOAT_ZERO) * GRID:
                patterns[grown(shapes, found.patterns[orbit])] = None
        return found, len(patterns) > before

    def result(
        best: ColumnBound | None, *, converged: bool, ray: ColumnBound | None = None
    ) -> GeneratedColumns:
        return GeneratedColumns(
            problem=problem, goal=goal, rows=rows, shapes=shapes, upper=upper,
            patterns=tuple(patterns), best=best, infeasible=ray is not None, converged=converged,
            ray=ray, rounds=rounds,
        )  # fmt: skip

    nothing = column_bound(
        costs, rows, shapes, upper, alpha=[0] * len(rows), pi=[0] * shapes.n_shapes
    )
    best = nothing
    zeros = [0] * problem.n_columns
    rounds = 0
    while rounds < _MOST_ROUNDS:
        rounds += 1
        answer = master.solve(costs, list(patterns), elastic=False)
        if answer is not None:
            found, entered = priced(answer, costs, 1.0)
            best = max(best, found, key=lambda bound: bound.scaled)
        else:
            answer = master.solve(costs, list(patterns), elastic=True)
            if answer is None:
                return result(best, converged=False)
            # With no costs at all, a bound above 0 proves that there is no plan. Row multipliers
            # are tiny where weights are huge: a larger unit keeps them on the grid.
            unit = float(max(1.0, master.scale.max(initial=1.0)))
            found, entered = priced(answer, zeros, unit)
            if found.scaled > 0:
                return result(None, converged=True, ray=found)
        if not entered:
            return result(best, converged=True)
    return result(best, converged=False)


def dual_bound(generated: GeneratedColumns) -> int | None:
    """No plan has a smaller goal, proved in integers; ``None`` where there is no plan at all."""
    return None if generated.best is None else generated.best.bound


def patterns_within(generated: GeneratedColumns, incumbent: int) -> tuple[Pattern, ...]:
    """The patterns generated, and all maximal ones that a plan of this goal or less may need.

    Raises
    ------
    ValueError
        If those of one orbit are more than 5,000.
    """
    best = generated.best
    if best is None:
        return generated.patterns
    slack = incumbent * GRID - best.scaled
    found: dict[Pattern, None] = dict.fromkeys(generated.patterns)
    for orbit, count in enumerate(generated.shapes.racks.count.tolist()):
        if count:
            least = best.best[orbit] - slack
            found.update(
                dict.fromkeys(
                    maximal_patterns(
                        generated.shapes, orbit,
                        limit=MOST_PATTERNS, values=best.values, least=least,
                    )
                )
            )  # fmt: skip
    return tuple(found)


def _default(problem: FleetProblem) -> Goal:
    return COST if COST in problem.measures else next(iter(problem.measures))


def build_column_generation(
    problem: FleetProblem,
    cuts: Sequence[Sequence[Cut]] = (),
    *,
    goal: Goal | None = None,
    incumbent: int | None = None,
) -> FleetProgram:
    """State the problem over generated patterns; the model is in the module docstring.

    Parameters
    ----------
    cuts
        For each routing of the problem, cuts found so far; ``()`` for none.
    goal
        What the patterns are generated for; by default the cost, or else the first measure.
    incumbent
        Goal of a known plan: then no plan of that goal or less is lost, and the program is exact
        for this goal. ``None``: the optimum is an upper bound.

    Raises
    ------
    ValueError
        If there are no racks, a rack may be lost, a measure is unknown, or ``incumbent`` leaves
        more than 5,000 patterns of one orbit.
    """
    generated = generate_columns(problem, _default(problem) if goal is None else goal, cuts)
    patterns = generated.patterns if incumbent is None else patterns_within(generated, incumbent)
    return pattern_program(
        problem,
        generated.shapes,
        patterns,
        cuts,
        upper=generated.upper,
        formulation="column_generation",
    )


def size_column_generation(
    problem: FleetProblem, cuts: Sequence[Sequence[Cut]] = ()
) -> ProgramSize:
    """Rows, columns and nonzeros; the patterns are generated, no program is built.

    Raises
    ------
    ValueError
        If there are no racks, or a rack may be lost.
    """
    generated = generate_columns(problem, _default(problem), cuts)
    return pattern_size(problem, generated.shapes, generated.patterns, cuts)
