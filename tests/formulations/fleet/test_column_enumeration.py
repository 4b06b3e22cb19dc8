"""What enumeration rests on: bounds, plans known, patterns added; exact where generation is not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings

from formulations.fleet import column_enumeration
from formulations.fleet.column_enumeration import (
    EnumerationFacts,
    build_column_enumeration,
    generate_and_enumerate,
)
from formulations.fleet.column_generation import build_column_generation
from formulations.fleet.known_plan import known_value
from formulations.fleet.plan import FleetPlan, violations
from formulations.fleet.problem import FleetProblem
from formulations.fleet.program import FleetProgram
from formulations.fleet.rack_patterns import build_rack_patterns
from formulations.milp import Milp
from formulations.rows import SparseRows
from solver.engines import get_engine
from solver.engines.contract import SolveResult
from tests.oracles.plain_fleet import best_value, fleet, fleets, small_racks

_quick = settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
_RACKED = fleets(with_racks=True, survive_loss=False, with_routing=False)


def _minimised(
    program: FleetProgram, measure: str = "cost", upper: Mapping[str, int] | None = None
) -> SolveResult:
    engine = get_engine("cp-sat")
    engine.load(program.statement)
    return engine.minimise(measure, upper=upper or {})


@_quick
@given(_RACKED)
def test_the_facts_hold_against_brute_force(problem: FleetProblem) -> None:
    _, facts = generate_and_enumerate(problem)
    for measure, fact in facts.items():
        best = best_value(problem, measure)
        if best is None:
            assert fact.known is None
            continue
        assert fact.lower is not None
        assert fact.lower <= best
        assert fact.known is None or fact.known >= best
        assert not fact.closed or fact.known == best


@_quick
@given(_RACKED)
def test_without_a_plan_known_all_patterns_are_there_and_the_optimum_too(
    problem: FleetProblem,
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(column_enumeration, "known_value", lambda *_: None)
        program = build_column_enumeration(problem)
    assert _minimised(program).objective == best_value(problem, "cost")


@_quick
@given(_RACKED)
def test_a_poor_plan_known_adds_more_and_loses_nothing(problem: FleetProblem) -> None:
    best = best_value(problem, "cost")
    assume(best is not None)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(column_enumeration, "known_value", lambda *_: best + 2)
        program, facts = generate_and_enumerate(problem, goals={"cost": "cost"})
    assert facts["cost"].n_added >= 0
    assert _minimised(program).objective == best


def _two_orbits() -> FleetProblem:
    """Three kinds of replica in two kinds of racks of two dimensions; those outside cost more."""
    return fleet(
        [3, 4, 3, 11],
        upper=[12, 12, 12, 12],
        cover=[([5, 4, 3, 4], 61)],
        racks=small_racks([0, 1, 2], [[5, 4], [4, 3], [3, 4]], [(4, [13, 12]), (1, [10, 11])]),
    )


def test_the_optimum_is_that_of_all_patterns() -> None:
    problem = _two_orbits()
    program, facts = generate_and_enumerate(problem)
    result = _minimised(program)
    assert result.objective == _minimised(build_rack_patterns(problem)).objective
    assert result.x is not None
    counts, racks = program.decode(result.x)
    assert violations(problem, FleetPlan(counts, racks=racks)) == []
    assert facts["cost"].rounds > 0


def _one_orbit() -> list[FleetProblem]:
    """Small rack problems by number: widths, demand and room vary."""
    rng = np.random.default_rng(7)
    found = []
    for _ in range(60):
        k = int(rng.integers(2, 5))
        sizes = [[int(s)] for s in rng.integers(2, 9, size=k)]
        costs = [int(c) for c in rng.integers(1, 9, size=k)] + [30]
        worth = [int(w) for w in rng.integers(2, 12, size=k)] + [9]
        found.append(
            fleet(
                costs,
                upper=[20] * (k + 1),
                cover=[(worth, int(rng.integers(30, 90)))],
                racks=small_racks(range(k), sizes, [(int(rng.integers(2, 5)), [17])]),
            )
        )
    return found


def test_generated_patterns_alone_miss_an_optimum_that_enumeration_finds() -> None:
    missed = 0
    for problem in _one_orbit():
        best = _minimised(build_rack_patterns(problem)).objective
        generated = _minimised(build_column_generation(problem)).objective
        assert _minimised(build_column_enumeration(problem)).objective == best
        missed += generated != best
    assert missed > 0


def test_enumeration_may_leave_patterns_out() -> None:
    fewer = 0
    for problem in _one_orbit():
        kept = build_column_enumeration(problem).statement.n_columns
        everything = build_rack_patterns(problem).statement.n_columns
        assert kept <= everything
        fewer += kept < everything
    assert fewer > 0


@_quick
@given(_RACKED)
def test_a_bound_on_the_measure_minimised_itself_keeps_the_program_exact(
    problem: FleetProblem,
) -> None:
    best = best_value(problem, "cost")
    assume(best is not None)
    program = build_column_enumeration(problem)
    assert _minimised(program, upper={"cost": best}).objective == best
    assert _minimised(program, upper={"cost": best - 1}).objective is None


def test_facts_that_no_plan_is_known_for_are_not_closed() -> None:
    facts = EnumerationFacts(lower=None, known=None, n_generated=1, n_added=0, rounds=1)
    assert not facts.closed
    assert not replace(facts, known=3).closed


def _program(least: int) -> Milp:
    """Two columns of 0 to 3 with ``2 x + 3 y >= least``."""
    rows = SparseRows()
    first = rows.add_block(1, lower=least)
    rows.put(first, 0, [0, 1], [2, 3])
    bounds = np.zeros(2, dtype=np.int64), np.full(2, 3, dtype=np.int64)
    return rows.to_milp("p", lower=bounds[0], upper=bounds[1], objectives={})


def test_the_value_known_is_attained() -> None:
    assert known_value(_program(7), [4, 5]) == 13


def test_no_value_is_known_where_there_is_no_point() -> None:
    assert known_value(_program(16), [4, 5]) is None
