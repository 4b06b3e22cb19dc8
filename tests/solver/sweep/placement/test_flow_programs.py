"""Greatest flows by one formulation asked for by name, shared links included."""

from __future__ import annotations

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from formulations.placement.plan import PlacementPlan, rate_of
from formulations.placement.problem import PlacementProblem
from solver.engines import get_engine
from solver.errors import InstanceError
from solver.instance.placement.domain import PlacementInstance
from solver.placement_api import solve_placement_question, verify_placement_document
from solver.sweep.placement.cover_bound import best_cover_bound
from solver.sweep.placement.flow_programs import (
    ARC_FLOW,
    PATTERNS,
    PROGRAMS,
    STAGE_ASSIGNMENT,
    by_program,
    is_small_enough,
    shared_rows,
)
from solver.sweep.placement.flows import FLOW, answer_flow, flow_space_of
from solver.sweep.placement.solve import solve_placement
from solver.sweep.placement.stage_search import fastest_chain
from solver.topology import Host, Link, Switch, Topology
from tests.oracles.plain_shared_flows import greatest_flow_of, shared_clusters
from tests.solver.sweep.placement.questions import GB, measured

_ACTIVATION = 16384
_CHECKS = settings(
    max_examples=4, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True
)


def _racks(kinds: tuple[str, ...], near: int, trunk_tok_per_s: int) -> Topology:
    """Hosts of these kinds, the first ``near`` of them in the rack of the gateway."""
    wide = 10**10
    names = [f"{kind}-{place}" for place, kind in enumerate(kinds)]
    return Topology(
        name="racks",
        hosts=tuple(Host(n, kind, 1, 4 * GB) for n, kind in zip(names, kinds, strict=True)),
        switches=(Switch("near", "leaf"), Switch("far", "leaf"), Switch("gw", "gateway")),
        links=(
            *(
                Link(f"up-{n}", n, "near" if place < near else "far", wide, 10**6)
                for place, n in enumerate(names)
            ),
            Link("trunk", "near", "far", trunk_tok_per_s * _ACTIVATION, 10**6),
            Link("in", "gw", "near", wide, 10**6),
        ),
    )


def _question(
    kinds: tuple[str, ...], near: int, trunk_tok_per_s: int, layers: int = 4
) -> PlacementInstance:
    return measured(
        topology=_racks(kinds, near, trunk_tok_per_s), trade_off=("throughput",), layers=layers
    )


BOUND_BY_TRUNK = _question(("slow", "slow", "slow"), 1, 10)
"""Two machines of the far rack carry 21 tok/s together; the trunk brings 2 or 3 more at most."""


@st.composite
def _questions(draw: st.DrawFn) -> PlacementInstance:
    n = draw(st.integers(2, 5))
    kinds = tuple(draw(st.sampled_from(["fast", "slow"])) for _ in range(n))
    return _question(kinds, draw(st.integers(1, n - 1)), draw(st.integers(1, 60)), layers=3)


@pytest.mark.parametrize("formulation", [FLOW, ARC_FLOW, STAGE_ASSIGNMENT])
@_CHECKS
@given(instance=_questions())
def test_racks_that_share_a_trunk_are_solved_as_by_brute_force(
    formulation: str, instance: PlacementInstance
) -> None:
    space = flow_space_of(instance)
    answer = answer_flow(instance, formulation=formulation)
    assert answer.status == "complete"
    best = greatest_flow_of(space.problem, shared_rows(space), whole=False)
    # Whole micro-tokens on every edge lose less than one an edge; floats lose as little.
    assert abs(-answer.points[0].image[0] - best) <= 2 * (space.problem.n_machines + 2) ** 2


@_CHECKS
@given(drawn=shared_clusters(rows=0))
def test_the_default_road_equals_brute_force_on_up_to_six_machines(
    drawn: tuple[PlacementProblem, tuple[()]],
) -> None:
    outcome = solve_placement(drawn[0])
    assert (outcome.rate, outcome.bound) == (greatest_flow_of(drawn[0]),) * 2


@_CHECKS
@given(drawn=shared_clusters(rows=0))
def test_patterns_are_never_above_brute_force(
    drawn: tuple[PlacementProblem, tuple[()]],
) -> None:
    problem = drawn[0]
    found = fastest_chain(
        problem,
        ceiling=best_cover_bound(problem).rate,
        engine=get_engine("cp-sat"),
        time_limit_s=60.0,
    )
    plan = found.plan or PlacementPlan((), {})
    assert rate_of(plan) <= greatest_flow_of(problem)


@pytest.mark.parametrize(
    ("formulation", "rate", "status"),
    [(STAGE_ASSIGNMENT, "51", "complete"), (PATTERNS, "45", "partial")],
)
def test_a_formulation_by_name_tells_what_it_reaches_on_a_star(
    formulation: str, rate: str, status: str
) -> None:
    found = solve_placement_question(
        measured(trade_off=("throughput",)), formulation=formulation
    ).to_dict()
    assert found["provenance"]["formulation"] == formulation
    assert (found["points"][0]["exact"]["throughput"], found["status"]) == (rate, status)


@pytest.mark.parametrize("formulation", [FLOW, ARC_FLOW, STAGE_ASSIGNMENT])
def test_a_flow_that_a_shared_trunk_binds_is_verified_and_proved_again(formulation: str) -> None:
    document = solve_placement_question(BOUND_BY_TRUNK, formulation=formulation).to_dict()
    assert document["status"] == "complete"
    checked = verify_placement_document(json.loads(json.dumps(document)), reprove=True)
    assert checked.passed, [check for check in checked.checks if not check.passed]


def test_the_default_road_says_which_program_closed_a_shared_trunk() -> None:
    (claim,) = answer_flow(BOUND_BY_TRUNK).claims
    assert (claim.engine, claim.facts["formulation"]) == ("cp-sat", ARC_FLOW)


def test_patterns_alone_do_not_claim_that_nothing_is_faster() -> None:
    answer = answer_flow(BOUND_BY_TRUNK, formulation=PATTERNS)
    assert answer.status == "partial"
    assert "chains of stages only" in answer.open_regions[0].reason


def test_without_time_a_program_leaves_the_bound_of_total_work() -> None:
    space = flow_space_of(BOUND_BY_TRUNK)
    found = by_program(space, STAGE_ASSIGNMENT, engine="cp-sat", time_limit_s=1e-6)
    assert found.proof.rate == space.problem.work_bound()
    assert found.why == "cp-sat stopped on stage_assignment with time limit"


def test_a_question_of_many_layers_is_too_large_to_be_tried_unasked() -> None:
    large = _question(("slow",) * 6, 3, 10, layers=400)
    assert not is_small_enough(flow_space_of(large), 10**9)


@pytest.mark.parametrize("formulation", PROGRAMS)
@pytest.mark.parametrize("engine", ["highs", "scip"])
def test_an_engine_of_floats_is_refused_for_a_flow(formulation: str, engine: str) -> None:
    with pytest.raises(InstanceError, match="choose cp-sat"):
        solve_placement_question(BOUND_BY_TRUNK, formulation=formulation, engine=engine)


def test_a_formulation_of_chains_is_refused_for_a_flow() -> None:
    with pytest.raises(InstanceError, match="flow, arc_flow, stage_assignment, patterns"):
        solve_placement_question(BOUND_BY_TRUNK, formulation="labels")
