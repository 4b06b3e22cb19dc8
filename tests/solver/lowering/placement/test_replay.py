"""The tables of a question against a replay of their chains host by host and link by link."""

from __future__ import annotations

import copy
from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from formulations.placement.chain_plan import ChainPlan, ChainStage, value_of, violations
from solver.instance.placement.domain import PlacementInstance, PlacementLimits
from solver.lowering.placement.describe import describe_chain
from solver.lowering.placement.lowering import lower_placement
from solver.lowering.placement.replay import replay_chain
from solver.lowering.placement.space import MICRO, ChainSpace
from tests.oracles.placement_questions import small_questions, two_hosts

filtered = settings(
    deadline=None,
    max_examples=50,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
"""A chain drawn at random often does not fit; those are what one test below is about."""
PS_PER_HOUR_AND_MTOK = 3_600 * 10**6


def space_of(instance: PlacementInstance) -> ChainSpace:
    space = lower_placement(instance)
    assert isinstance(space, ChainSpace)
    return space


@st.composite
def chains(
    draw: st.DrawFn, *trade_off: Any, measured: bool = False
) -> tuple[ChainSpace, int, ChainPlan]:
    """A question, a setting and any chain of known hosts and options, feasible or not."""
    space = space_of(draw(small_questions(trade_off=trade_off, measured=measured)))
    setting = draw(st.integers(0, len(space.settings) - 1))
    layers = space.instance.layers
    free = [orbit for orbit, hosts in enumerate(space.orbits) for _ in hosts]
    picked = draw(st.permutations(free))[: draw(st.integers(1, min(layers, len(free))))]
    cuts = sorted(draw(st.permutations(range(1, layers)))[: len(picked) - 1])
    held = [b - a for a, b in zip([0, *cuts], [*cuts, layers], strict=True)]
    stages = []
    for orbit, n in zip(picked, held, strict=True):
        options = [k for k, meaning in enumerate(space.meanings) if meaning.orbit == orbit]
        stages.append(ChainStage(orbit, draw(st.sampled_from(options)), n))
    return space, setting, ChainPlan(tuple(stages))


def feasible(space: ChainSpace, setting: int, plan: ChainPlan) -> bool:
    width = space.tables_of(setting).allowed.shape[1]
    if any(stage.layers >= width for stage in plan.stages):
        return False
    return not violations(space.tables_of(setting), plan)


@filtered
@given(chains("speed", "cost"))
def test_tables_and_replay_give_the_same_time_and_price(
    case: tuple[ChainSpace, int, ChainPlan],
) -> None:
    space, setting, plan = case
    assume(feasible(space, setting, plan))
    assert space.problem is not None
    value = value_of(space.tables_of(setting), plan)
    found = replay_chain(space.instance, describe_chain(space, setting, plan))
    assert found.faults == ()
    assert found.price is not None
    assert (found.latency_ps, found.price) == (
        value.time,
        Fraction(value.price, space.problem.price_per_usd),
    )


@filtered
@given(chains("speed", "cost"))
def test_replay_finds_fault_with_what_the_tables_do_not_allow(
    case: tuple[ChainSpace, int, ChainPlan],
) -> None:
    space, setting, plan = case
    assume(not feasible(space, setting, plan))
    chosen, used = space.settings[setting], [0] * len(space.orbits)
    stages = []
    for stage in plan.stages:
        host = space.orbits[stage.orbit][used[stage.orbit]]
        used[stage.orbit] += 1
        degree = space.meanings[stage.option].tensor_parallel
        stages.append({"host": host, "tensor_parallel": degree, "layers": stage.layers})
    design = {
        "stages": stages,
        "microbatch": chosen.microbatch,
        "in_flight": chosen.in_flight,
    }
    assert replay_chain(space.instance, design).faults


@filtered
@given(chains("speed", "cost", measured=True))
def test_measured_times_against_cost_are_replayed_alike(
    case: tuple[ChainSpace, int, ChainPlan],
) -> None:
    space, setting, plan = case
    assume(feasible(space, setting, plan))
    value = value_of(space.tables_of(setting), plan)
    found = replay_chain(space.instance, describe_chain(space, setting, plan))
    assert (found.latency_ps, found.faults) == (value.time, ())


@filtered
@given(chains("speed", "throughput", measured=True))
def test_measured_rates_and_latency_are_replayed_alike(
    case: tuple[ChainSpace, int, ChainPlan],
) -> None:
    space, setting, plan = case
    assume(feasible(space, setting, plan))
    value = value_of(space.tables_of(setting), plan)
    found = replay_chain(space.instance, describe_chain(space, setting, plan))
    assert found.faults == ()
    assert (found.latency_ps, found.throughput) == (value.latency, Fraction(-value.pace, MICRO))


@filtered
@given(chains("speed", "throughput"))
def test_throughput_of_a_timed_chain_is_its_batch_over_its_time_rounded_down(
    case: tuple[ChainSpace, int, ChainPlan],
) -> None:
    space, setting, plan = case
    assume(feasible(space, setting, plan))
    time_ps = value_of(space.tables_of(setting), plan).time
    found = replay_chain(space.instance, describe_chain(space, setting, plan))
    exact = Fraction(space.settings[setting].batch * 10**12, time_ps)
    assert 0 <= exact - found.throughput < Fraction(1, MICRO)


@filtered
@given(chains("speed", "cost"))
def test_cost_is_price_by_time_over_batch(case: tuple[ChainSpace, int, ChainPlan]) -> None:
    space, setting, plan = case
    assume(feasible(space, setting, plan))
    found = replay_chain(space.instance, describe_chain(space, setting, plan))
    assert found.price is not None
    batch = space.settings[setting].batch
    assert found.cost == found.price * found.latency_ps / (batch * PS_PER_HOUR_AND_MTOK)


@pytest.fixture(scope="module")
def good() -> tuple[PlacementInstance, dict[str, Any]]:
    """A question and the first feasible chain of two hosts that is found in it."""
    space = space_of(two_hosts())
    options = {meaning.orbit: k for k, meaning in enumerate(space.meanings)}
    plan = ChainPlan((ChainStage(0, options[0], 3), ChainStage(1, options[1], 2)))
    assert feasible(space, 0, plan)
    return space.instance, describe_chain(space, 0, plan)


def changed(design: dict[str, Any], stage: int, **values: Any) -> dict[str, Any]:
    other = copy.deepcopy(design)
    other["stages"][stage].update(values)
    return other


def test_a_good_design_has_no_fault(good: tuple[PlacementInstance, dict[str, Any]]) -> None:
    assert replay_chain(*good).faults == ()


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"host": "nowhere"}, "no host"),
        ({"host": "b"}, "used twice"),
        ({"layers": 4}, "6 of 5 layers"),
        ({"layers": True}, "cannot be read"),
        ({"tensor_parallel": 3}, "tensor degree 3"),
        ({"tensor_parallel": 8}, "tensor degree 8"),
        ({"tensor_parallel": None}, "tensor degree None"),
    ],
)
def test_a_tampered_stage_is_found(
    good: tuple[PlacementInstance, dict[str, Any]], change: dict[str, Any], told: str
) -> None:
    instance, design = good
    (first, *_) = replay_chain(instance, changed(design, 0, **change)).faults
    assert told in first


@pytest.mark.parametrize("key", ["microbatch", "in_flight"])
def test_a_batch_that_is_not_on_offer_is_found(
    good: tuple[PlacementInstance, dict[str, Any]], key: str
) -> None:
    instance, design = good
    assert "not on offer" in replay_chain(instance, {**design, key: 77}).faults[0]


@pytest.mark.parametrize("key", ["stages", "microbatch", "in_flight"])
def test_a_design_without_a_part_cannot_be_read(
    good: tuple[PlacementInstance, dict[str, Any]], key: str
) -> None:
    instance, design = good
    less = {name: value for name, value in design.items() if name != key}
    assert "cannot be read" in replay_chain(instance, less).faults[0]


@pytest.mark.parametrize(
    "limits",
    [
        PlacementLimits(min_speed_tok_per_s=Fraction(10**9)),
        PlacementLimits(max_cost_usd_per_mtok=Fraction(1, 10**9)),
        PlacementLimits(max_usd_per_hour=Fraction(1)),
        PlacementLimits(max_hosts=1),
    ],
)
def test_a_limit_that_is_not_met_is_found(
    good: tuple[PlacementInstance, dict[str, Any]], limits: PlacementLimits
) -> None:
    instance, design = good
    assert len(replay_chain(replace(instance, limits=limits), design).faults) == 1


def test_a_smaller_memory_is_found(good: tuple[PlacementInstance, dict[str, Any]]) -> None:
    instance, design = good
    hosts = tuple(replace(host, hbm_bytes=1000) for host in instance.topology.hosts)
    network = replace(instance.topology, hosts=hosts)
    faults = replay_chain(instance, design, network).faults
    assert [fault for fault in faults if "bytes on a device and has 1000" in fault]


def test_a_reserve_shrinks_what_may_be_used(
    good: tuple[PlacementInstance, dict[str, Any]],
) -> None:
    instance, design = good
    rules = replace(instance.rules, hbm_reserve_fraction=Fraction(99, 100))
    assert replay_chain(replace(instance, rules=rules), design).faults
