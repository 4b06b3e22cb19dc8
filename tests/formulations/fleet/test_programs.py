"""Every formulation on every engine against brute force; routing cuts come as plans break them."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from formulations.fleet import tight_rows
from formulations.fleet.plan import FleetPlan, measures_of, violations
from formulations.fleet.problem import FleetProblem
from formulations.fleet.registry import FORMULATIONS, Formulation, get_formulation
from formulations.fleet.routing import Cut, Routing
from solver.engines import ENGINE_NAMES, get_engine
from solver.engines.contract import Termination
from solver.engines.routing.serving import serve
from tests.oracles.plain_fleet import best_value, fleet, fleets, small_racks

_PAIRS = [
    (formulation.name, engine)
    for formulation in FORMULATIONS
    if formulation.exact
    for engine in ENGINE_NAMES
    if formulation.kind in get_engine(engine).accepts
]


def solved(
    formulation: str, engine_name: str, problem: FleetProblem, measure: str = "cost"
) -> FleetPlan | None:
    """An optimal plan, cuts added until its counts serve every class; ``None`` if infeasible."""
    engine = get_engine(engine_name)
    cuts: list[list[Cut]] = [[] for _ in problem.routings]
    for _ in range(200):
        program = get_formulation(formulation).build(problem, cuts)
        engine.load(program.statement)
        result = engine.minimise(measure, upper={}, time_limit_s=60)
        if result.termination is Termination.INFEASIBLE:
            return None
        assert result.termination is Termination.OPTIMAL, result.message
        assert result.x is not None
        counts, racks = program.decode(result.x)
        assert measures_of(problem, counts)[measure] == result.objective
        answers = [serve(routing, counts) for routing in problem.routings]
        found = [answer if isinstance(answer, Cut) else None for answer in answers]
        if not any(found):
            return FleetPlan(counts, tuple(a for a in answers if not isinstance(a, Cut)), racks)
        for known, cut in zip(cuts, found, strict=True):
            if cut is not None:
                assert cut not in known
                known.append(cut)
    raise AssertionError("cuts do not end")


def _agrees(formulation: str, engine: str, problem: FleetProblem) -> None:
    for measure in problem.measures:
        plan = solved(formulation, engine, problem, measure)
        best = best_value(problem, measure)
        if plan is None:
            assert best is None
        else:
            assert violations(problem, plan) == []
            assert measures_of(problem, plan.counts)[measure] == best


@pytest.mark.parametrize("engine", ["highs", "cp-sat", "scip"])
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(problem=fleets())
def test_counts_equal_brute_force(engine: str, problem: FleetProblem) -> None:
    _agrees("counts", engine, problem)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(problem=fleets())
def test_counts_stated_for_cp_sat_equal_brute_force(problem: FleetProblem) -> None:
    _agrees("cp_counts", "cp-sat", problem)


@pytest.mark.parametrize("engine", ["highs", "cp-sat", "scip"])
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(problem=fleets(with_racks=True, survive_loss=False))
def test_rack_patterns_equal_brute_force(engine: str, problem: FleetProblem) -> None:
    _agrees("rack_patterns", engine, problem)


@pytest.mark.parametrize("formulation", ["counts", "cp_counts"])
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(problem=fleets(with_racks=True, survive_loss=True, with_routing=False))
def test_fleets_that_survive_the_loss_of_a_rack_equal_brute_force(
    formulation: str, problem: FleetProblem
) -> None:
    _agrees(formulation, "cp-sat", problem)


@pytest.mark.parametrize(("formulation", "engine"), _PAIRS)
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(problem=fleets(with_racks=True, survive_loss=False, with_routing=True))
def test_racks_and_request_sizes_together_equal_brute_force(
    formulation: str, engine: str, problem: FleetProblem
) -> None:
    _agrees(formulation, engine, problem)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(problem=fleets(with_routing=True, with_racks=False))
def test_cuts_found_one_by_one_are_enough_without_any_known_before(problem: FleetProblem) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tight_rows, "initial_cuts", lambda _: ())
        _agrees("counts", "cp-sat", problem)


def _toy() -> FleetProblem:
    """Two types, four request sizes, US$ per hour in cents; demand in requests a second."""
    share = [Fraction(2, 10), Fraction(1, 10), Fraction(5, 10), Fraction(2, 10)]
    return fleet(
        [101, 367],
        upper=[20, 20],
        routings=[
            Routing(
                name="toy",
                columns=np.array([0, 1], dtype=np.int64),
                rate=np.array([[2, 1, 5, 2], [20, 20, 40, 20]], dtype=np.int64),
                demand=np.array([int(30 * part) for part in share], dtype=np.int64),
                class_names=("a", "b", "c", "d"),
            )
        ],
    )


@pytest.mark.parametrize("engine", ENGINE_NAMES)
def test_continuous_routing_beats_slices_on_a_toy_of_two_types(engine: str) -> None:
    # 6 + 3 + 15 + 6 requests/s: one large replica takes 6/20 + 3/20 + 15/40 + 6/20 = 1.125 of its
    # time; the rest, 5 of the 15 requests of the third class, is one small replica.
    plan = solved("counts", engine, _toy())
    assert plan is not None
    assert plan.counts.tolist() == [1, 1]
    assert violations(_toy(), plan) == []


@pytest.mark.parametrize(("formulation", "engine"), _PAIRS)
def test_a_loss_to_survive_needs_a_spare_rack(formulation: str, engine: str) -> None:
    # One rack holds two replicas of 5; demand 10 fits into one rack but must survive its loss.
    def problem(survive: bool) -> FleetProblem:
        return fleet(
            [1],
            upper=[9],
            cover=[([5], 10)],
            racks=small_racks([0], [[1]], [(3, [2])], survive_loss=survive),
        )

    lazy = solved(formulation, engine, problem(survive=False))
    assert lazy is not None
    assert lazy.counts.tolist() == [2]
    if get_formulation(formulation).applies(problem(survive=True)) is None:
        safe = solved(formulation, engine, problem(survive=True))
        assert safe is not None
        # 1 + 1 + 1: any one may go.
        assert safe.counts.tolist() == [3]
        assert violations(problem(survive=True), safe) == []


def test_equal_racks_come_back_as_one_entry_with_a_multiplicity() -> None:
    problem = fleet([1], upper=[8], cover=[([1], 8)], racks=small_racks([0], [[1]], [(5, [2])]))
    for formulation in ("counts", "cp_counts", "rack_patterns"):
        engine = "cp-sat"
        plan = solved(formulation, engine, problem)
        assert plan is not None
        assert [(filled.times, dict(filled.holds)) for filled in plan.racks] == [(4, {0: 2})]


def _refusals() -> Sequence[tuple[str, FleetProblem, str]]:
    plain = fleet([1], upper=[1])
    lossy = fleet([1], upper=[1], racks=small_racks([0], [[1]], [(1, [1])], survive_loss=True))
    vast = fleet([1], upper=[1], racks=small_racks([0], [[1]], [(20_001, [1])]))
    return [
        ("rack_patterns", plain, "no racks"),
        ("column_generation", plain, "no racks"),
        ("rack_patterns", lossy, "loss of a rack"),
        ("column_generation", lossy, "loss of a rack"),
        ("counts", vast, "20001 places"),
        ("cp_counts", vast, "20001 places"),
    ]


@pytest.mark.parametrize(("name", "problem", "reason"), _refusals())
def test_a_formulation_says_why_it_does_not_apply_and_refuses_to_build(
    name: str, problem: FleetProblem, reason: str
) -> None:
    formulation = get_formulation(name)
    said = formulation.applies(problem)
    assert said is not None
    assert reason in said
    with pytest.raises(ValueError, match="rack"):
        formulation.build(problem)


@pytest.mark.parametrize("need", [0, 1])
@pytest.mark.parametrize("formulation", FORMULATIONS, ids=lambda formulation: formulation.name)
def test_a_problem_without_columns_is_free_or_infeasible(
    formulation: Formulation, need: int
) -> None:
    problem = fleet([], upper=[], cover=[([], need)], racks=small_racks([], [], [(2, [1])]))
    plan = solved(formulation.name, "cp-sat", problem)
    assert (plan is None) == (need > 0)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(problem=fleets(), worst=st.integers(0, 3))
def test_columns_left_out_for_their_grade_are_gone_from_program_and_plan(
    problem: FleetProblem, worst: int
) -> None:
    kept = problem.columns_within({"speed": worst})
    part = problem.over(kept)
    inside = set(kept.tolist())
    barred = replace(
        problem,
        upper=np.array(
            [u if j in inside else 0 for j, u in enumerate(problem.upper.tolist())], dtype=np.int64
        ),
    )
    plan = solved("counts", "cp-sat", part)
    best = best_value(barred, "cost")
    assert (plan is None) == (best is None)
    if plan is not None:
        assert measures_of(part, plan.counts)["cost"] == best


def test_formulations_that_apply_give_no_reason() -> None:
    problem = fleet([1], upper=[1], racks=small_racks([0], [[1]], [(1, [1])]))
    assert {formulation.applies(problem) for formulation in FORMULATIONS} == {None}


def test_an_unknown_formulation_is_refused_with_those_there_are() -> None:
    with pytest.raises(ValueError, match="counts, rack_patterns, column_generation, cp_counts"):
        get_formulation("simplex")


def test_cuts_for_another_number_of_routings_are_refused() -> None:
    with pytest.raises(ValueError, match="2 routings"):
        get_formulation("counts").build(_toy(), [(), ()])


def test_values_of_the_wrong_length_are_not_decoded() -> None:
    program = get_formulation("counts").build(_toy())
    with pytest.raises(ValueError, match="values"):
        program.decode(np.zeros(3, dtype=np.int64))


def test_the_violation_check_of_the_cp_model_sees_every_kind_of_fault() -> None:
    problem = fleet(
        [3],
        upper=[4],
        cover=[([5], 10)],
        use=[([2], 6)],
        racks=small_racks([0], [[1]], [(3, [2])], survive_loss=True),
    )
    program = get_formulation("cp_counts").build(problem)
    engine = get_engine("cp-sat")
    engine.load(program.statement)
    x = engine.minimise("cost", upper={}).x
    assert x is not None
    check = functools.partial(program.statement.violation)  # type: ignore[union-attr]
    assert check(x) is None
    cost = program.statement.objectives["cost"]  # type: ignore[union-attr]

    def changed(**entries: int) -> np.ndarray:
        new = x.copy()
        for key, value in entries.items():
            new[int(key[1:])] = value
        return new

    assert "outside" in str(check(changed(_0=9)))
    assert "below" in str(check(changed(_0=1)))
    assert "cost is called" in str(check(changed(**{f"_{cost}": 8})))
    assert "units in racks" in str(check(changed(_1=0)))
    assert "more than fits" in str(check(changed(_1=-1)))
    # Three replicas in two racks: the fuller one may not be lost.
    assert "without rack 0" in str(check(changed(_1=2, _2=1, _3=0)))
