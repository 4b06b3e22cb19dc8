"""Numbers of hand-made questions."""

from __future__ import annotations

import itertools
from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest

from formulations.placement.chain_frontier import cost_frontier
from formulations.placement.chain_plan import ChainPlan, ChainStage, value_of, violations
from solver.errors import InstanceError, UnsupportedModelError
from solver.instance.domain import Performance
from solver.instance.placement.domain import (
    LevelRounding,
    PlacementDesign,
    PlacementInstance,
    PlacementLimits,
    PlacementMachine,
    PlacementRules,
    ServedShape,
)
from solver.lowering.placement.describe import describe_chain
from solver.lowering.placement.lowering import lower_placement
from solver.lowering.placement.replay import replay_chain
from solver.lowering.placement.space import MICRO, ChainSpace, FlowSpace
from solver.topology import GATEWAY, Link, Switch
from tests.oracles.placement_questions import (
    FAST,
    FAST_MEASURED,
    SLOW,
    TINY,
    accelerator,
    two_hosts,
    two_racks,
)


def space_of(instance: PlacementInstance, **options: Any) -> ChainSpace:
    space = lower_placement(instance, **options)
    assert isinstance(space, ChainSpace)
    return space


def every_chain(space: ChainSpace) -> list[ChainPlan]:
    """All feasible chains of a space with one option an orbit, at its first setting."""
    option = {meaning.orbit: k for k, meaning in enumerate(space.meanings)}
    free = [orbit for orbit, hosts in enumerate(space.orbits) for _ in hosts]
    layers, found = space.instance.layers, []
    for n in range(1, min(layers, len(free)) + 1):
        orders = sorted(set(itertools.permutations(free, n)))
        for order, cuts in itertools.product(
            orders, itertools.combinations(range(1, layers), n - 1)
        ):
            held = [b - a for a, b in itertools.pairwise([0, *cuts, layers])]
            stages = (
                ChainStage(orbit, option[orbit], k) for orbit, k in zip(order, held, strict=True)
            )
            plan = ChainPlan(tuple(stages))
            if not violations(space.tables_of(0), plan):
                found.append(plan)
    return found


def test_prices_are_whole_parts_of_a_dollar() -> None:
    problem = space_of(two_hosts()).problem
    assert problem is not None
    assert problem.price_per_usd == 15
    assert sorted({option.price for option in problem.options}) == [12, 35]


def test_a_price_limit_is_rounded_down_to_whole_parts() -> None:
    limits = PlacementLimits(max_usd_per_hour=Fraction(22, 7))
    problem = space_of(two_hosts(limits=limits)).problem
    assert problem is not None
    assert problem.max_price == 15 * 22 // 7


def test_settings_are_all_pairs() -> None:
    pairs = [(one.microbatch, one.in_flight) for one in space_of(two_hosts()).settings]
    assert pairs == [(1, 1), (1, 3), (2, 1), (2, 3)]


def test_a_hand_over_takes_latency_and_the_bytes_at_the_narrowest_link() -> None:
    problem = space_of(two_hosts()).problem
    assert problem is not None
    # 64 values of 2 bytes a sequence at 1e7 bytes/s: 12.8 us; two links of 1 us.
    assert problem.hand_over_ps[:, 0, 1].tolist() == [14_800_000] * 2 + [27_600_000] * 2


def test_by_the_latency_account_bytes_take_no_time() -> None:
    rules = PlacementRules(hand_over="latency")
    space = space_of(two_hosts(rules=rules))
    assert space.problem is not None
    assert set(space.problem.hand_over_ps[:, 0, 1].tolist()) == {2_000_000}
    assert any("latency alone" in note for note in space.notes)


def test_degrees_above_the_devices_of_a_host_are_passed_over() -> None:
    degrees = {
        meaning.tensor_parallel
        for meaning in space_of(two_hosts(design=PlacementDesign((1, 4, 8)))).meanings
    }
    assert degrees <= {1, 4}


def test_a_degree_that_does_not_divide_the_heads_is_passed_over() -> None:
    space = space_of(two_hosts(design=PlacementDesign((1, 3))))
    assert {meaning.tensor_parallel for meaning in space.meanings} == {1}


def test_an_option_that_is_slower_and_holds_no_more_is_dropped() -> None:
    # Every all-reduce has a base latency far above these steps, and all layers fit on one device.
    space = space_of(two_hosts(design=PlacementDesign((1, 2, 4))))
    assert {meaning.tensor_parallel for meaning in space.meanings} == {1}


def test_an_option_that_alone_holds_more_is_kept() -> None:
    network = two_hosts().topology
    hosts = tuple(replace(host, hbm_bytes=150_000) for host in network.hosts)
    instance = two_hosts(topology=replace(network, hosts=hosts))
    problem = space_of(instance).problem
    assert problem is not None
    held = {
        meaning.tensor_parallel: option.most_layers(0, 5)
        for meaning, option in zip(space_of(instance).meanings, problem.options, strict=True)
    }
    assert held[1] < held[2]


def test_a_cluster_too_small_for_a_layer_is_a_space_without_chains() -> None:
    network = two_hosts().topology
    hosts = tuple(replace(host, hbm_bytes=1) for host in network.hosts)
    problem = space_of(two_hosts(topology=replace(network, hosts=hosts))).problem
    assert problem is not None
    assert cost_frontier(problem) == []


def test_hosts_without_a_possible_degree_leave_a_space_without_chains() -> None:
    problem = space_of(two_hosts(design=PlacementDesign((3,)))).problem
    assert problem is not None
    assert cost_frontier(problem) == []


def test_most_layers_of_a_machine_are_a_limit() -> None:
    machines = (replace(FAST, max_layers=2), SLOW)
    problem = space_of(two_hosts(machines=machines)).problem
    assert problem is not None
    assert {option.most_layers(0, 5) for option in problem.options} == {2}


def test_a_wide_trunk_is_left_out() -> None:
    problem = space_of(two_racks(10**9)).problem
    assert problem is not None
    assert problem.shared == ()


def test_a_narrow_trunk_is_kept_in_both_directions() -> None:
    problem = space_of(two_racks(10**7)).problem
    assert problem is not None
    assert [link.name for link in problem.shared] == [
        "trunk: left to right",
        "trunk: right to left",
    ]


def test_a_trunk_that_binds_with_more_hosts_is_kept_for_whoever_lifts_that_limit() -> None:
    alone = two_racks(10**7, limits=PlacementLimits(max_hosts=1))
    for lifted, links in ((False, 0), (True, 2)):
        problem = space_of(alone, lifted=lifted).problem
        assert problem is not None
        assert len(problem.shared) == links
        assert problem.max_hosts == 1


@pytest.mark.parametrize("bytes_per_s", [10**6, 3 * 10**6, 10**7, 3 * 10**7, 10**8, 10**9])
def test_every_chain_over_a_trunk_takes_what_its_replay_says(bytes_per_s: int) -> None:
    space = space_of(two_racks(bytes_per_s))
    chains = every_chain(space)
    assert len(chains) > 20
    for plan in chains:
        time_ps = value_of(space.tables_of(0), plan).time
        assert replay_chain(space.instance, describe_chain(space, 0, plan)).latency_ps == time_ps


def gated(instance: PlacementInstance) -> PlacementInstance:
    """Tokens come in at the right rack and go out at the left one, over thin links."""
    network = instance.topology
    gates = (Switch("in", GATEWAY), Switch("out", GATEWAY))
    links = (Link("in", "in", "right", 10**6, 1), Link("out", "out", "left", 10**6, 1))
    wider = replace(network, switches=(*network.switches, *gates), links=(*network.links, *links))
    return replace(instance, topology=wider, entry="in", exit="out")


@pytest.mark.parametrize("through_hosts", [False, True])
@pytest.mark.parametrize("bytes_per_s", [10**6, 10**7, 3 * 10**7])
def test_tokens_that_come_and_go_load_the_trunk_too(bytes_per_s: int, through_hosts: bool) -> None:
    space = space_of(gated(two_racks(bytes_per_s, through_hosts=through_hosts)))
    for plan in every_chain(space)[:150]:
        time_ps = value_of(space.tables_of(0), plan).time
        assert replay_chain(space.instance, describe_chain(space, 0, plan)).latency_ps == time_ps


@pytest.mark.parametrize("bytes_per_s", [10**5, 5 * 10**5, 10**6, 10**7])
def test_measured_rates_over_a_trunk_are_what_their_replay_says(bytes_per_s: int) -> None:
    network = two_racks(bytes_per_s).topology
    space = space_of(gated(measured(topology=network)))
    assert space.tables is not None
    # The fastest machine takes 9000 tok/s of 128 bytes, and a chain crosses twice at most.
    assert bool(space.tables.trunks) == (bytes_per_s < 2 * 9000 * 128)
    for plan in every_chain(space)[:150]:
        value = value_of(space.tables, plan)
        found = replay_chain(space.instance, describe_chain(space, 0, plan))
        assert (found.latency_ps, found.throughput * MICRO) == (value.latency, -value.pace)


def test_to_and_fro_over_a_narrow_trunk_is_paced_by_it() -> None:
    space = space_of(two_racks(10**6))
    option = {meaning.orbit: k for k, meaning in enumerate(space.meanings)}
    plan = ChainPlan(
        tuple(
            ChainStage(orbit, option[orbit], n)
            for orbit, n in zip((0, 1, 0, 1), (1, 1, 1, 2), strict=True)
        )
    )
    design = describe_chain(space, 0, plan)
    (busiest,) = [link for link in design["links"] if link["busy_fraction"] == 1]
    assert (design["paced_by"], design["busiest_link"]) == ("link", "trunk")
    assert busiest["uses"] == [["a", "c"], ["b", "d"]]


def test_with_throughput_alone_the_space_is_a_flow() -> None:
    instance = two_hosts(trade_off=("throughput",), design=PlacementDesign(microbatch=(1, 2)))
    assert isinstance(lower_placement(instance), FlowSpace)


def test_a_side_rounds_the_network() -> None:
    levels = LevelRounding(bytes_per_s=(10**6, 10**8))
    instance = two_hosts(rounding=levels)
    widths = [
        {link.bytes_per_s for link in space_of(instance, side=side).topology.links}
        for side in (None, "cautious", "generous")
    ]
    assert widths == [{10**7}, {10**6}, {10**8}]


def test_a_side_without_levels_is_a_mistake_of_the_caller() -> None:
    with pytest.raises(ValueError, match="no levels"):
        lower_placement(two_hosts(), side="cautious")


def test_forwarding_hosts_are_each_by_themselves() -> None:
    assert len(space_of(two_racks(10**7)).orbits) == 2
    assert len(space_of(two_racks(10**7, through_hosts=True)).orbits) == 4


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"machines": (SLOW,)}, "which is not described"),
        ({"performance": Performance(model="guess")}, "not a performance model"),
        ({"model": replace(TINY, tied_embeddings=True)}, "shares them"),
        ({"design": PlacementDesign(weight_bits=4)}, "no arithmetic for 4-bit"),
    ],
)
def test_what_cannot_be_lowered_is_named(changes: dict[str, Any], told: str) -> None:
    with pytest.raises((InstanceError, UnsupportedModelError), match=told):
        lower_placement(two_hosts(**changes))


def test_cost_needs_every_price() -> None:
    network = two_hosts().topology
    hosts = (replace(network.hosts[0], usd_per_hour=None), network.hosts[1])
    instance = two_hosts(topology=replace(network, hosts=hosts))
    with pytest.raises(InstanceError, match="'a' has no price"):
        lower_placement(instance)
    problem = space_of(replace(instance, trade_off=("speed", "throughput"))).problem
    assert problem is not None
    assert {option.price for option in problem.options} == {0}


def test_a_link_of_a_byte_a_second_is_named_as_a_slip() -> None:
    network = two_hosts().topology
    links = tuple(replace(link, bytes_per_s=1, latency_ps=2**59) for link in network.links)
    with pytest.raises(InstanceError, match="13 days"):
        lower_placement(two_hosts(topology=replace(network, links=links)))


def measured(**changes: Any) -> PlacementInstance:
    facts: dict[str, Any] = {
        "trade_off": ("speed", "throughput"),
        "model": None,
        "shape": ServedShape(5, 128, 4),
        "machines": (FAST_MEASURED,),
        "design": PlacementDesign(microbatch=(2,)),
    }
    return two_hosts(**{**facts, **changes})


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"design": PlacementDesign(microbatch=(1, 2))}, "hold at one microbatch"),
        ({"design": PlacementDesign(microbatch=(3,))}, "no time a layer at microbatch 3"),
        ({"design": PlacementDesign(microbatch=(2,), in_flight=(2,))}, "in flight"),
        ({"limits": PlacementLimits(max_usd_per_hour=Fraction(1))}, "limit on price"),
    ],
)
def test_what_measurements_do_not_say_is_named(changes: dict[str, Any], told: str) -> None:
    with pytest.raises(InstanceError, match=told):
        lower_placement(measured(**changes))


def test_a_measured_machine_without_rates_needs_most_layers_against_cost() -> None:
    assert FAST_MEASURED.measured is not None
    bare = replace(FAST_MEASURED, measured=replace(FAST_MEASURED.measured, tok_per_s=()))
    asked = measured(trade_off=("speed", "cost"), machines=(bare,))
    with pytest.raises(InstanceError, match="how many layers"):
        lower_placement(asked)
    known = replace(asked, machines=(replace(bare, max_layers=3),))
    problem = space_of(known).problem
    assert problem is not None
    assert {option.most_layers(0, 5) for option in problem.options} == {3}


def test_link_rates_count_by_the_latency_account_too() -> None:
    tables = space_of(measured(rules=PlacementRules(hand_over="latency"))).tables
    assert tables is not None
    # 1e7 bytes/s over 128 bytes a token.
    assert -int(tables.pace[0, 1, 1]) == min(9_000 * 10**6, 10**13 // 128)


def test_a_machine_of_other_devices_is_its_own_model() -> None:
    slower = PlacementMachine("fast", accelerator("G", hbm_bytes_per_s=1e9))
    fast, slow = (space_of(two_hosts(machines=(machine,))).problem for machine in (FAST, slower))
    assert fast is not None
    assert slow is not None
    assert slow.options[0].layer_time_ps[0] > fast.options[0].layer_time_ps[0]
