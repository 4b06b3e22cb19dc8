"""Flows: their numbers, what they share, and a replay of plans."""

from __future__ import annotations

import copy
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from formulations.placement.plan import SINK, SOURCE, HeldRange, PlacementPlan, violations
from formulations.placement.problem import PlacementProblem
from solver.errors import InstanceError
from solver.instance.placement.domain import (
    PlacementDesign,
    PlacementInstance,
    PlacementLimits,
)
from solver.lowering.placement.describe_flow import describe_flow
from solver.lowering.placement.lowering import lower_placement
from solver.lowering.placement.replay import replay_flow
from solver.lowering.placement.space import MICRO, FlowSpace
from solver.topology import Topology
from tests.oracles.placement_questions import small_questions, two_hosts, two_racks

FLOW: dict[str, Any] = {
    "trade_off": ("throughput",),
    "design": PlacementDesign((1, 2, 4), (1, 2), (2,)),
}
drawn = settings(
    deadline=None,
    max_examples=60,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)


def space_of(instance: PlacementInstance) -> FlowSpace:
    space = lower_placement(instance)
    assert isinstance(space, FlowSpace)
    return space


def widest(problem: PlacementProblem, ranges: list[HeldRange], chain: list[int]) -> int:
    """What may flow through these ranges in a row, each pair by itself."""
    most = [int(problem.source[ranges[chain[0]].orbit]), int(problem.sink[ranges[chain[-1]].orbit])]
    most += [problem.rate(ranges[i].orbit, ranges[i].layers) for i in chain]
    most += [int(problem.links[ranges[a].orbit, ranges[b].orbit]) for a, b in pairwise(chain)]
    return min(most)


@st.composite
def plans(draw: st.DrawFn, *, measured: bool) -> tuple[FlowSpace, PlacementPlan]:
    """One or two chains of hosts side by side, each as full as its own pairs allow."""
    asked = small_questions(trade_off=("throughput",), measured=measured, max_hosts=5)
    space = space_of(draw(asked))
    problem, layers = space.problem, space.problem.layers
    free = list(draw(st.permutations(range(len(space.hosts)))))
    ranges: list[HeldRange] = []
    flows: dict[tuple[int, int], int] = {}
    for _ in range(draw(st.integers(1, 2))):
        chain: list[int] = []
        done = 0
        while free and done < layers:
            machine = free.pop()
            most = min(len(problem.rates[machine]), layers - done)
            held = draw(st.integers(1, most))
            chain.append(len(ranges))
            ranges.append(HeldRange(machine, done, held))
            done += held
        if done < layers or not chain:
            continue
        flow = widest(problem, ranges, chain)
        steps = [SOURCE, *chain, SINK]
        flows |= dict.fromkeys(pairwise(steps), flow)
    return space, PlacementPlan(tuple(ranges), flows)


def overrun(space: FlowSpace, plan: PlacementPlan) -> bool:
    """Whether some shared capacity is exceeded."""
    place = {held.orbit: i for i, held in enumerate(plan.ranges)} | {SOURCE: SOURCE, SINK: SINK}
    for link in space.shared:
        load = sum(
            n_bytes * plan.flows.get((place[a], place[b]), 0)
            for a, b, n_bytes in link.users
            if a in place and b in place
        )
        if load > link.capacity:
            return True
    return False


@drawn
@given(st.booleans(), st.data())
def test_a_replay_finds_fault_exactly_where_a_shared_link_is_overrun(
    measured: bool, data: st.DataObject
) -> None:
    space, plan = data.draw(plans(measured=measured))
    assert not violations(space.problem, plan)
    assume(sum(plan.flows.values()) > 0)
    found = replay_flow(space.instance, describe_flow(space, plan))
    assert bool(found.faults) == overrun(space, plan)


@drawn
@given(st.booleans(), st.data())
def test_a_replay_gives_the_rate_of_the_plan(measured: bool, data: st.DataObject) -> None:
    space, plan = data.draw(plans(measured=measured))
    rate = sum(flow for (start, _), flow in plan.flows.items() if start == SOURCE)
    found = replay_flow(space.instance, describe_flow(space, plan))
    assert found.throughput == Fraction(rate, MICRO)


def test_a_host_behind_one_link_lets_no_more_through_than_it() -> None:
    space = space_of(two_hosts(**FLOW))
    # 1e7 bytes/s over 128 bytes a token, but for a host that holds the whole model.
    most = 10**13 // 128
    assert space.shared == ()
    assert space.problem.rates[0].tolist()[:3] == [most] * 3


def test_a_host_that_holds_the_whole_model_is_not_held_up_by_activations() -> None:
    network = two_hosts().topology
    thin = tuple(replace(link, bytes_per_s=10**5) for link in network.links)
    space = space_of(two_hosts(topology=replace(network, links=thin), **FLOW))
    most = 10**11 // 128
    assert space.problem.rates[0].tolist()[:4] == [most] * 4
    assert space.problem.rate(0, 5) > most


def test_a_narrow_trunk_is_shared() -> None:
    (*shared,) = space_of(two_racks(10**6, **FLOW)).shared
    assert [(link.name, link.origin, link.target) for link in shared] == [
        ("trunk", "left", "right"),
        ("trunk", "right", "left"),
    ]
    assert {link.capacity for link in shared} == {10**12}
    assert shared[0].users == ((0, 2, 128), (0, 3, 128), (1, 2, 128), (1, 3, 128))


@pytest.mark.parametrize("bytes_per_s", [10**5, 10**6, 10**7, 3 * 10**7, 10**8, 10**9])
def test_two_chains_over_a_trunk_overrun_it_exactly_if_their_replay_says_so(
    bytes_per_s: int,
) -> None:
    space = space_of(two_racks(bytes_per_s, **FLOW))
    ranges = [HeldRange(i, 0, 3) for i in (0, 1)] + [HeldRange(i, 3, 2) for i in (2, 3)]
    flows = {}
    for chain in ([0, 2], [1, 3]):
        flow = widest(space.problem, ranges, chain)
        flows |= dict.fromkeys(pairwise([SOURCE, *chain, SINK]), flow)
    plan = PlacementPlan(tuple(ranges), flows)
    assert not violations(space.problem, plan)
    found = replay_flow(space.instance, describe_flow(space, plan))
    assert bool(found.faults) == overrun(space, plan) == (bytes_per_s <= 10**7)


def test_a_wide_trunk_is_not_told_as_shared() -> None:
    assert space_of(two_racks(10**11, **FLOW)).shared == ()


def test_rates_are_those_of_the_best_degree_and_microbatch() -> None:
    space = space_of(two_hosts(**FLOW))
    assert set(space.choices[0]) == {(1, 2)}


def test_hosts_that_hold_nothing_stay_idle() -> None:
    network = two_hosts().topology
    hosts = (replace(network.hosts[0], hbm_bytes=1), network.hosts[1])
    space = space_of(two_hosts(topology=replace(network, hosts=hosts), **FLOW))
    plan = PlacementPlan((HeldRange(0, 0, 5),), {(SOURCE, 0): 7, (0, SINK): 7})
    assert space.hosts == ("b",)
    assert describe_flow(space, plan)["idle_hosts"] == ["a"]


def test_a_cluster_that_holds_nothing_lets_nothing_through() -> None:
    network = two_hosts().topology
    hosts = tuple(replace(host, hbm_bytes=1) for host in network.hosts)
    space = space_of(two_hosts(topology=replace(network, hosts=hosts), **FLOW))
    assert space.problem.work_bound() == 0


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"design": PlacementDesign(in_flight=(1, 2))}, "one number of microbatches"),
        ({"limits": PlacementLimits(max_hosts=1)}, "limits.max_hosts"),
        ({"limits": PlacementLimits(max_usd_per_hour=Fraction(1))}, "limits.max_usd_per_hour"),
    ],
)
def test_what_a_flow_does_not_know_is_named(changes: dict[str, Any], told: str) -> None:
    with pytest.raises(InstanceError, match=told):
        lower_placement(two_hosts(**{**FLOW, **changes}))


@pytest.fixture(scope="module")
def good() -> tuple[PlacementInstance, dict[str, Any]]:
    """Two hosts in a row, and what they carry."""
    space = space_of(two_hosts(**FLOW))
    flows = {(SOURCE, 0): 10**6, (0, 1): 10**6, (1, SINK): 10**6}
    plan = PlacementPlan((HeldRange(0, 0, 3), HeldRange(1, 3, 2)), flows)
    return space.instance, describe_flow(space, plan)


def test_a_good_flow_has_no_fault(good: tuple[PlacementInstance, dict[str, Any]]) -> None:
    found = replay_flow(*good)
    assert (found.faults, found.throughput) == ((), 1)


@pytest.mark.parametrize(
    ("part", "change", "told"),
    [
        ("stages", {"host": "nowhere"}, "no host"),
        ("stages", {"host": "b"}, "used twice"),
        ("stages", {"layers": 4}, "do not meet"),
        ("stages", {"layers": 9}, "of 5"),
        ("stages", {"first_layer": 1}, "do not meet"),
        ("stages", {"tensor_parallel": 3}, "tensor degree 3"),
        ("stages", {"microbatch": 64}, "not on offer"),
        ("stages", {"layers": 2.5}, "cannot be read"),
        ("flows", {"tok_per_s": 2.0}, "micro-tokens/s in"),
        ("flows", {"tok_per_s": -1.0}, "no flow"),
        ("flows", {"to": "exit"}, "do not meet"),
        ("flows", {"to": "nowhere"}, "no flow"),
    ],
)
def test_a_tampered_flow_is_found(
    good: tuple[PlacementInstance, dict[str, Any]], part: str, change: dict[str, Any], told: str
) -> None:
    instance, design = good
    other = copy.deepcopy(design)
    other[part][0].update(change)
    assert told in " ".join(replay_flow(instance, other).faults)


def test_a_link_that_carries_too_much_is_found(
    good: tuple[PlacementInstance, dict[str, Any]],
) -> None:
    instance, design = good
    thin = tuple(replace(link, bytes_per_s=100) for link in instance.topology.links)
    network: Topology = replace(instance.topology, links=thin)
    faults = replay_flow(instance, design, network).faults
    assert any("carries 128000000 of 100000000" in fault for fault in faults)


def test_a_host_that_is_overrun_is_found(
    good: tuple[PlacementInstance, dict[str, Any]],
) -> None:
    instance, design = good
    other = copy.deepcopy(design)
    for flow in other["flows"]:
        flow["tok_per_s"] = 1e9
    assert any("at most" in fault for fault in replay_flow(instance, other).faults)
