"""Bounds on the token flow of a cluster as plain JSON, and their check without an engine.

A cover bound or a crossing bound is an argument in integers: worths of machines, told in full, from
which the rate that no plan exceeds is computed again. Total work over layers needs nothing told. An
engine's bound is its word; ``refuted_again`` asks an engine.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

import numpy as np

from formulations.milp import IntArray
from formulations.placement.arc_flow import build_arc_flow
from formulations.placement.cover import cover_rate_bound
from formulations.placement.crossing import crossing_refutes
from formulations.placement.orbits import coarse_problem, twins
from formulations.placement.problem import THROUGHPUT, PlacementProblem
from formulations.placement.shared_flow import SharedRow
from formulations.placement.teams import HELD, TeamListing, build_teams
from solver.engines import get_engine
from solver.engines.contract import Termination
from solver.lowering.placement.space import MICRO
from solver.sweep.placement.cover_bound import CoverBound, best_cover_bound, by_rates
from solver.sweep.placement.crossing_bound import CrossingBound
from solver.sweep.placement.engine_bound import EngineBound
from solver.sweep.placement.solve import Proof
from solver.sweep.placement.team_bound import TeamBound

__all__ = ["ARGUMENTS", "INTEGERS", "bound_fault", "engine_of", "refuted_again", "told_bound"]

WORK, COVER, CROSSING, PROGRAM = "total work", "cover prices", "crossing", "program"
TEAMS = "teams"
ARGUMENTS = (WORK, COVER, CROSSING)
"""Bounds that integers alone confirm."""

INTEGERS = "integers"
"""Who stands behind them."""
_LARGEST_WORTH = 10**9
_MOST_TEAMS = 10_000


def engine_of(proof: Proof) -> str:
    """Who stands behind a bound."""
    return proof.engine if isinstance(proof, EngineBound) else INTEGERS


def told_bound(proof: Proof) -> dict[str, Any]:
    """A bound as plain JSON: ``argument``, ``bound`` (tok/s as p/q) and the numbers behind it."""
    told: dict[str, Any] = {"bound": str(Fraction(proof.rate, MICRO))}
    if isinstance(proof, CoverBound):
        if proof.worth is None:
            return {"argument": WORK, **told}
        return {"argument": COVER, **told, "worth": proof.worth.tolist()}
    if isinstance(proof, CrossingBound):
        return {
            "argument": CROSSING,
            **told,
            "groups": [list(group) for group in proof.groups],
            "regions": [list(region) for region in proof.regions],
            "worth": proof.worth.tolist(),
        }
    told |= {"formulation": proof.formulation, "engine": proof.engine}
    if isinstance(proof, TeamBound):
        numbers = {"refuted_micro": proof.refuted, "worth": proof.worth.tolist()}
        return {"argument": TEAMS, **told, **numbers}
    return {"argument": PROGRAM, **told}


def bound_fault(problem: PlacementProblem, told: Mapping[str, Any]) -> str | None:
    """What is wrong with a bound that was told; ``None`` where it is proved once more.

    Parameters
    ----------
    problem
        Over single machines.
    told
        As ``told_bound`` writes it, of one of ``ARGUMENTS``.

    Raises
    ------
    LookupError, TypeError, ValueError
        If something is missing or of the wrong type.
    """
    rate, argument = _rate(told), told["argument"]
    if argument == WORK:
        proved = problem.work_bound()
        return None if proved <= rate else _above("total work over layers", proved)
    if argument == COVER:
        typed = by_rates(problem)
        proved = cover_rate_bound(typed, _worths(told["worth"], typed.n_orbits))
        return None if proved <= rate else _above("the worths", proved)
    if argument != CROSSING:
        raise ValueError(f"no bound is argued by {argument!r:.60}")
    groups, regions = _parts(told["groups"]), _parts(told["regions"])
    if sorted(i for group in groups for i in group) != list(range(problem.n_machines)):
        return "the groups are no partition of the machines"
    if sorted(i for region in regions for i in region) != list(range(len(groups))):
        return "the regions are no partition of the groups"
    rates = [{tuple(problem.rates[i].tolist()) for i in group} for group in groups]
    if any(len(kinds) > 1 for kinds in rates):
        return "a group holds machines of different rates"
    coarse = coarse_problem(problem, groups, rounding="greatest")
    worth = _worths(told["worth"], len(groups))
    if crossing_refutes(coarse, regions, worth, rate + 1):
        return None
    return "the crossing argument does not refute more than the bound"


def refuted_again(
    problem: PlacementProblem,
    told: Mapping[str, Any],
    *,
    time_limit_s: float,
    shared: Sequence[SharedRow] = (),
) -> str | None:
    """Ask an engine again for what was told of an engine; why the bound is not proved, if so.

    Teams are listed anew and counted by another engine. Of the whole program CP-SAT is asked
    whether anything above the bound is possible; no other engine is exact at its numbers.

    Parameters
    ----------
    told
        As ``told_bound`` writes it, of none of ``ARGUMENTS``.
    time_limit_s
        Positive.
    shared
        Links that pairs of machines share: rows of the program.

    Raises
    ------
    LookupError, TypeError, ValueError
        If something is missing or of the wrong type.
    """
    apart, rate = problem.apart(), _rate(told)
    if told["argument"] == TEAMS:
        return _teams_again(apart, told, rate, time_limit_s)
    ceiling = best_cover_bound(apart).rate
    if ceiling <= rate:
        return None
    # Twins need not share the same links.
    merged = apart if shared else coarse_problem(apart, twins(apart), rounding="least")
    stated = build_arc_flow(merged, ceiling=ceiling, shared=shared)
    asked = get_engine("cp-sat")
    asked.load(stated.statement)
    answer = asked.minimise(THROUGHPUT, upper={THROUGHPUT: -(rate + 1)}, time_limit_s=time_limit_s)
    if answer.termination is Termination.INFEASIBLE:
        return None
    if answer.x is not None:
        return f"{answer.proved_by} finds a plan of {-(answer.objective or 0) / MICRO:.6f} tok/s"
    return f"not proved again, {answer.proved_by} stopped with {answer.termination.value}"


def _teams_again(
    problem: PlacementProblem, told: Mapping[str, Any], rate: int, time_limit_s: float
) -> str | None:
    """Whether no teams can stand over all layers at any rate above the bound."""
    refuted = told["refuted_micro"]
    if type(refuted) is not int or refuted <= rate:
        raise ValueError(f"teams are listed at {refuted!r:.60}, which is not above the bound")
    typed = by_rates(problem)
    listing = TeamListing(typed, _worths(told["worth"], typed.n_orbits))
    found = listing.at(refuted, most=_MOST_TEAMS, margin=refuted - rate - 1)
    if found is None:
        return "not proved again, the teams are too many to list"
    if found.below > rate:
        return f"teams were listed down to {found.below / MICRO:.6f} tok/s only"
    stated = build_teams(typed, found.teams, in_place=told["formulation"] == "placed_teams")
    engine = get_engine("highs" if told["engine"] == "cp-sat" else "cp-sat")
    engine.load(stated.statement)
    answer = engine.minimise(HELD, upper={HELD: -typed.layers}, time_limit_s=time_limit_s)
    if answer.termination is Termination.INFEASIBLE:
        return None
    if answer.x is not None:
        return f"{answer.proved_by} finds teams that hold all layers"
    return f"not proved again, {answer.proved_by} stopped with {answer.termination.value}"


def _rate(told: Mapping[str, Any]) -> int:
    """The bound in whole micro-tokens/s."""
    rate = Fraction(told["bound"]) * MICRO
    if rate.denominator != 1 or rate < 0:
        raise ValueError(f"the bound {told['bound']!r:.60} is no whole number of micro-tokens/s")
    return int(rate)


def _above(what: str, proved: int) -> str:
    return f"{what} prove only {proved / MICRO:.6f} tok/s"


def _worths(told: object, n: int) -> IntArray:
    if not isinstance(told, list) or len(told) != n:
        raise ValueError(f"{n} worths were expected, not {told!r:.80}")
    if any(type(value) is not int or not 0 <= value <= _LARGEST_WORTH for value in told):
        raise ValueError("a worth is no whole number within 0 to 10^9")
    return np.array(told, dtype=np.int64)


def _parts(told: object) -> tuple[tuple[int, ...], ...]:
    if not isinstance(told, list) or any(not isinstance(part, list) or not part for part in told):
        raise ValueError(f"lists of places were expected, not {told!r:.80}")
    if any(type(i) is not int for part in told for i in part):
        raise ValueError("a place is no whole number")
    return tuple(tuple(part) for part in told)
