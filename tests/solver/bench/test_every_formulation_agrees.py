"""Every formulation of every group has the same answers on drawn problems, those of brute force.

The engine is drawn with the problem; a formulation that it does not read is solved by CP-SAT. The
levels are the loosest, the tightest and, where there is one, the level that nothing meets.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from formulations.fleet.problem import FleetProblem
from formulations.fleet.registry import get_formulation as fleet_formulation
from formulations.formulation import NamedFormulation
from formulations.placement.chain_registry import get_chain_formulation
from formulations.placement.chain_tables import ChainTables
from formulations.placement.problem import PlacementProblem
from formulations.placement.registry import get_formulation as flow_formulation
from formulations.replica.problem import ReplicaProblem
from formulations.replica.registry import get_formulation as replica_formulation
from formulations.size import ProgramSize, size_of
from solver.bench.kinds.fleet import FleetKind, RacksKind
from solver.bench.kinds.flow import FlowKind
from solver.bench.kinds.kind import BenchKind, Entry
from solver.bench.kinds.level import Level
from solver.bench.kinds.moip import MoipKind
from solver.bench.kinds.outcome import Outcome
from solver.bench.kinds.placement import PlacementKind
from solver.bench.kinds.program_run import relaxed_bound, run_program
from solver.bench.kinds.replica import ReplicaKind
from solver.bench.kinds.rounds import go_on
from solver.bench.registry import engines_of
from solver.bench.verdict import judged
from solver.engines import get_engine
from solver.sweep.moip.algorithms import ALGORITHMS
from tests.oracles.limited_chains import limited_chains, limited_tables, limited_value
from tests.oracles.plain_fleet import best_value, fleet, fleets
from tests.oracles.plain_placement import best_rate, clusters
from tests.oracles.small_programs import Stated, small_programs

TIME_LIMIT_S = 60.0

engine_names = st.sampled_from(["highs", "cp-sat", "scip"])


def few(examples: int) -> settings:
    return settings(
        max_examples=examples,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow],
        derandomize=True,
    )


@st.composite
def grids(draw: st.DrawFn) -> ReplicaProblem:
    """Up to three layouts by three batch levels with ties and forbidden cells, all of them even."""
    shape = (draw(st.integers(1, 3)), draw(st.integers(1, 3)))
    cells = shape[0] * shape[1]
    rank = st.integers(0, draw(st.sampled_from([2, 20])))

    def ranks() -> np.ndarray:
        values = draw(st.lists(rank, min_size=cells, max_size=cells))
        return np.array(values, dtype=np.int64).reshape(shape)

    # Three of four cells are allowed, so that whole rows and columns are forbidden now and then.
    allowed = draw(st.lists(st.integers(0, 3), min_size=cells, max_size=cells))
    return ReplicaProblem(
        "drawn", ranks(), ranks(), ranks(), np.array(allowed).reshape(shape).astype(np.bool_)
    )


def linear_tables() -> st.SearchStrategy[ChainTables]:
    """Chains under limits of price and hosts, over shared links with a factor."""
    return limited_tables(most_hosts=4, most_layers=4, most_trunks=2).map(
        lambda tables: replace(tables, trunks=tuple(t for t in tables.trunks if t.factor))
    )


def some_levels(kind: BenchKind, problem: Any, empty: Level | None) -> list[Level]:
    """First, last but one and last of all proved levels; ``empty`` where there is none."""
    levels = kind.levels(problem, None, time_limit_s=TIME_LIMIT_S)
    if not levels:
        assert empty is not None
        return [empty]
    assert all(level.best_by for level in levels)
    return levels if len(levels) < 3 else [levels[0], *levels[-2:]]


def solved(kind: BenchKind, entry: Entry, problem: Any, level: Level, wanted: str) -> Outcome:
    """One line of a benchmark, as far as answers go."""
    readers = engines_of(entry)
    name = wanted if wanted in readers else "cp-sat"
    engine = get_engine(name, alone=True)
    if entry.takes == "algorithm":
        return kind.run_algorithm(problem, entry.name, engine, level, time_limit_s=TIME_LIMIT_S)
    built = kind.build(problem, entry.name, level)
    outcome = run_program(
        built.statement, engine, level,
        attained=built.attained, time_limit_s=TIME_LIMIT_S, build_s=0.0,
    )  # fmt: skip
    if built.learned:
        assert isinstance(kind, FleetKind)
        outcome = go_on(
            outcome, built, engine, level,
            restate=partial(kind.build, problem, entry.name, level), time_limit_s=TIME_LIMIT_S,
        )  # fmt: skip
    relaxed = relaxed_bound(built.statement, level, time_limit_s=TIME_LIMIT_S)
    return replace(outcome, lp_bound=relaxed)


def applying(kind: BenchKind, problem: Any) -> Iterator[Entry]:
    for entry in kind.entries():
        if kind.applies(problem, entry.name) is None:
            yield entry


def faults_of(kind: BenchKind, problem: Any, level: Level, engine: str) -> list[str]:
    """All in which a formulation or algorithm differs from the proved answer of a level."""
    faults = []
    for entry in applying(kind, problem):
        outcome = solved(kind, entry, problem, level, engine)
        told = f"{entry.name} at {level}: {outcome.status} {outcome.incumbent} {outcome.message}"
        if entry.exact:
            verdict, why = judged(outcome, level)
            if verdict != "right":
                faults.append(f"{told}; {verdict}, {why}")
        elif outcome.contradiction:
            faults.append(f"{told}; {outcome.contradiction}")
        elif outcome.incumbent is not None and (
            level.best is None or outcome.incumbent < level.best
        ):
            faults.append(f"{told}; a restriction is better than the problem")
        relaxed, best = outcome.lp_bound, level.best
        known = entry.exact and relaxed is not None and best is not None
        if known and relaxed > best + 1e-6 * max(1, abs(best)):
            faults.append(f"{told}; its relaxation has {relaxed}")
    return faults


def resized(kind: BenchKind, problem: Any, level: Level) -> list[str]:
    """Formulations whose size on paper is not that of what they build."""
    get: dict[str, Any] = {
        "replica": replica_formulation, "placement": get_chain_formulation,
        "flow": flow_formulation, "fleet": fleet_formulation, "racks": fleet_formulation,
    }  # fmt: skip
    stated = kind.at(problem, level) if isinstance(kind, FleetKind) else problem
    faults = []
    for entry in applying(kind, problem):
        if entry.takes == "algorithm":
            continue
        formulation: NamedFormulation = get[kind.group](entry.name)
        paper = formulation.size(stated)
        built = size_of(kind.build(problem, entry.name, level).statement)
        if paper.nonzeros is None:
            built = ProgramSize(built.rows, built.columns)
        if paper != built:
            faults.append(f"{entry.name}: {paper} on paper, {built} built")
    return faults


@few(8)
@given(problem=grids(), engine=engine_names)
def test_all_of_replica_have_the_cheapest_cell(problem: ReplicaProblem, engine: str) -> None:
    kind = ReplicaKind()
    nothing = Level(0, "cost", {"latency": 99}, best_by="enumeration")
    cells = list(zip(problem.latency[problem.allowed], problem.cost[problem.allowed], strict=True))
    for level in some_levels(kind, problem, nothing):
        most = level.upper["latency"]
        assert level.best == min((int(c) for t, c in cells if t <= most), default=None)
        assert faults_of(kind, problem, level, engine) == []
        assert resized(kind, problem, level) == []


@few(10)
@given(problem=linear_tables(), engine=engine_names)
def test_all_of_placement_have_the_cheapest_chain(problem: ChainTables, engine: str) -> None:
    kind = PlacementKind()
    values = [limited_value(problem, chain) for chain in limited_chains(problem)]
    nothing = Level(0, "price", {"time": 10**5}, best_by="labels")
    for level in some_levels(kind, problem, nothing):
        most = level.upper["time"]
        assert level.best == min(
            (price for latency, pace, price in values if max(latency, pace) <= most), default=None
        )
        assert faults_of(kind, problem, level, engine) == []
        assert resized(kind, problem, level) == []


@few(12)
@given(problem=clusters(), engine=engine_names)
def test_all_of_flow_have_the_greatest_rate(problem: PlacementProblem, engine: str) -> None:
    kind = FlowKind()
    (level,) = some_levels(kind, problem, None)
    assert level.best == -best_rate(problem)
    assert faults_of(kind, problem, level, engine) == []
    assert resized(kind, problem, level) == []


@pytest.mark.parametrize("kind", [FleetKind(), RacksKind()], ids=["fleet", "racks"])
@few(12)
@given(data=st.data(), engine=engine_names)
def test_all_of_fleets_have_the_least_cost(
    kind: FleetKind, data: st.DataObject, engine: str
) -> None:
    problem: FleetProblem = data.draw(fleets(with_racks=isinstance(kind, RacksKind)))
    for level in some_levels(kind, problem, None):
        assert level.best == best_value(kind.at(problem, level), "cost")
        assert faults_of(kind, problem, level, engine) == []
        assert resized(kind, problem, level) == []


@few(12)
@given(stated=small_programs(), engine=engine_names)
def test_all_of_moip_have_the_nondominated_set(stated: Stated, engine: str) -> None:
    kind = MoipKind()
    (level,) = some_levels(kind, stated.program, None)
    assert level.points == tuple(sorted(stated.images))
    assert {entry.name for entry in kind.entries()} == set(ALGORITHMS)
    assert faults_of(kind, stated.program, level, engine) == []


def test_cutting_planes_are_found_where_a_relaxation_has_its_optimum_at_zero() -> None:
    # The first relaxation is worth 0 and the second 1 or more, which Pyomo would divide by 0.
    problem = ReplicaProblem(
        "zero",
        memory_latency=np.array([[0, 1, 0], [1, 1, 1], [0, 1, 1]]),
        arithmetic_latency=np.array([[0, 1, 0], [1, 1, 0], [0, 0, 1]]),
        cost=np.array([[1, 0, 0], [1, 1, 0], [1, 1, 0]]),
        allowed=np.array([[True, True, False], [True, True, True], [True, True, True]]),
    )
    kind = ReplicaKind()
    for level in kind.levels(problem, None, time_limit_s=TIME_LIMIT_S):
        assert faults_of(kind, problem, level, "highs") == []


def test_a_column_that_serves_nobody_but_pays_is_bought() -> None:
    problem = fleet([-11, 5], upper=[3, 3], cover=[([0, 2], 3)])
    (level,) = some_levels(FleetKind(), problem, None)
    assert level.best == best_value(problem, "cost") == -23
    assert FleetKind().applies(problem, "blocks") is not None
    assert faults_of(FleetKind(), problem, level, "cp-sat") == []
