r"""Generated rack patterns made exact: those of small reduced cost are all written out.

Sets, variables, objective and rows as in ``rack_patterns``, over fewer patterns. For every measure
:math:`g` that may be minimised

1. patterns are generated until none would improve the linear master (``column_generation``); the
   multipliers, rounded to a grid of integers, prove a bound :math:`\ell_g` on all plans in integers
   (``column_bound``);
2. over the patterns so far a plan is sought; where its value :math:`v_g` (checked in integers)
   meets :math:`\lceil \ell_g \rceil`, the patterns hold an optimum, and nothing is added;
3. else every maximal pattern :math:`q` of orbit :math:`o` with

.. math::
    \ell_g + \max_{q' \in Q_o} \pi q' - \pi q \;\le\; v_g

   is added: a plan with one rack of any other pattern costs more than :math:`v_g`. Without a plan
   all maximal patterns are.

This is the enumeration of columns by reduced cost of Baldacci, Christofides and Mingozzi
(Mathematical Programming 115, 2008) with multipliers that are exact.

**Exact** for one measure minimised over the problem, alone or with an upper bound on that same
measure: every plan of value :math:`v_g` or less is still there, or one that is as cheap. Bounds on
*other* measures must be limits of the problem when it is stated; put on the program afterwards,
they may cut off all plans that are left.

Size: rows as ``rack_patterns``, :math:`n` columns and one for each pattern kept: at most those of
``rack_patterns`` and what no formula tells. Refused where one orbit has more than 5,000 patterns to
add; ``rack_patterns`` is refused where it has more than 5,000 in all.

Strength: at least that of ``rack_patterns``, for its points are among those of that program (fewer
columns, same rows). Where generation converged it is the same for the measures generated for, up to
the rounding of multipliers: the least reduced cost left out is not negative.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from formulations.fleet.column_bound import GRID, Goal, goal_coefficients
from formulations.fleet.column_generation import (
    GeneratedColumns,
    generate_columns,
    patterns_within,
)
from formulations.fleet.known_plan import known_value
from formulations.fleet.maximal_patterns import maximal_patterns
from formulations.fleet.problem import FleetProblem
from formulations.fleet.program import FleetProgram
from formulations.fleet.rack_patterns import (
    MOST_PATTERNS,
    pattern_program,
    pattern_size,
    shapes_of,
)
from formulations.fleet.rack_shapes import Pattern
from formulations.fleet.routing import Cut
from formulations.fleet.tight_rows import tight_upper
from formulations.milp import Milp
from formulations.size import ProgramSize

__all__ = [
    "EnumeratedColumns",
    "EnumerationFacts",
    "build_column_enumeration",
    "enumerate_columns",
    "generate_and_enumerate",
    "size_column_enumeration",
]


@dataclass(frozen=True, slots=True)
class EnumerationFacts:
    """What is proved, and how, for one goal.

    Parameters
    ----------
    lower
        No plan is below, exact; ``None`` where there is proved to be no plan.
    known
        Value of a plan over the patterns generated; ``None`` where none was found.
    n_generated, n_added
        Patterns that generation left, and those written out for their reduced cost.
    rounds
        Linear masters priced.
    """

    lower: Fraction | None
    known: int | None
    n_generated: int
    n_added: int
    rounds: int

    @property
    def closed(self) -> bool:
        """Whether the plan known is proved to be the best, by the bound alone."""
        return self.lower is not None and self.known is not None and self.known - 1 < self.lower


@dataclass(frozen=True, slots=True, eq=False)
class EnumeratedColumns:
    """Patterns that hold an optimum for each goal, and what that rests on."""

    patterns: tuple[Pattern, ...]
    facts: Mapping[str, EnumerationFacts]


def _added(
    problem: FleetProblem, generated: GeneratedColumns, cuts: Sequence[Sequence[Cut]]
) -> tuple[tuple[Pattern, ...], int | None]:
    """Patterns that hold an optimum, and the value of the plan known."""
    if generated.best is None:
        # No plan at all: the fewest patterns say so too.
        return generated.patterns, None
    program = pattern_program(
        problem, generated.shapes, generated.patterns, cuts,
        upper=generated.upper, formulation="generated",
    )  # fmt: skip
    statement = program.statement
    if not isinstance(statement, Milp):
        raise TypeError(f"{program.name} is no sparse program")
    goal = goal_coefficients(problem, generated.goal) + [0] * len(generated.patterns)
    known = known_value(statement, goal)
    if known is None:
        everything = (
            pattern
            for orbit, count in enumerate(generated.shapes.racks.count.tolist())
            if count
            for pattern in maximal_patterns(generated.shapes, orbit, limit=MOST_PATTERNS)
        )
        return tuple(dict.fromkeys((*generated.patterns, *everything))), None
    if known <= generated.best.bound:
        return generated.patterns, known
    return patterns_within(generated, known), known


def enumerate_columns(
    problem: FleetProblem,
    cuts: Sequence[Sequence[Cut]] = (),
    *,
    goals: Mapping[str, Goal] | None = None,
) -> EnumeratedColumns:
    """Patterns that hold an optimum for every goal; see the module's text.

    Parameters
    ----------
    cuts
        For each routing of the problem, cuts found so far; ``()`` for none.
    goals
        What may be minimised, by any name; by default every measure.

    Raises
    ------
    ValueError
        If there are no racks, a rack may be lost, a measure is unknown, or more than 5,000 patterns
        of one orbit would have to be added.
    """
    if goals is None:
        goals = {measure: measure for measure in problem.measures}
    patterns: dict[Pattern, None] = {}
    facts = {}
    for name, goal in goals.items():
        generated = generate_columns(problem, goal, cuts)
        kept, known = _added(problem, generated, cuts)
        patterns.update(dict.fromkeys(kept))
        best = generated.best
        facts[name] = EnumerationFacts(
            lower=None if best is None else Fraction(best.scaled, GRID),
            known=known,
            n_generated=len(generated.patterns),
            n_added=len(kept) - len(generated.patterns),
            rounds=generated.rounds,
        )
    return EnumeratedColumns(tuple(patterns), facts)


def generate_and_enumerate(
    problem: FleetProblem,
    cuts: Sequence[Sequence[Cut]] = (),
    *,
    goals: Mapping[str, Goal] | None = None,
) -> tuple[FleetProgram, Mapping[str, EnumerationFacts]]:
    """The exact program over enumerated patterns, and for each goal what it rests on.

    Parameters and refusals are those of ``enumerate_columns``.
    """
    upper = tight_upper(problem)
    shapes = shapes_of(problem, upper)
    found = enumerate_columns(problem, cuts, goals=goals)
    program = pattern_program(
        problem, shapes, found.patterns, cuts, upper=upper, formulation="column_enumeration"
    )
    return program, found.facts


def build_column_enumeration(
    problem: FleetProblem,
    cuts: Sequence[Sequence[Cut]] = (),
    *,
    goals: Mapping[str, Goal] | None = None,
) -> FleetProgram:
    """State the problem over enumerated patterns; the model is in the module docstring.

    Parameters
    ----------
    cuts
        For each routing of the problem, cuts found so far; ``()`` for none.
    goals
        What may be minimised, by any name; by default every measure.

    Raises
    ------
    ValueError
        If there are no racks, a rack may be lost, a measure is unknown, or more than 5,000 patterns
        of one orbit would have to be added.
    """
    return generate_and_enumerate(problem, cuts, goals=goals)[0]


def size_column_enumeration(
    problem: FleetProblem, cuts: Sequence[Sequence[Cut]] = ()
) -> ProgramSize:
    """Rows, columns and nonzeros; the patterns are enumerated, the program is not built.

    Raises
    ------
    ValueError
        As ``build_column_enumeration``.
    """
    shapes = shapes_of(problem, tight_upper(problem))
    return pattern_size(problem, shapes, enumerate_columns(problem, cuts).patterns, cuts)
