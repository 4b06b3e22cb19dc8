"""Designs as result documents have them."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from formulations.placement.chain_plan import ChainPlan, ChainStage, value_of
from solver.lowering.placement.describe import describe_chain, hosts_of
from solver.lowering.placement.lowering import lower_placement
from solver.lowering.placement.space import ChainSpace
from solver.topology import GATEWAY, Link, Switch
from tests.oracles.placement_questions import two_hosts, two_racks

CHAIN_KEYS = {
    *("stages", "microbatch", "in_flight", "batch", "links", "busiest_link", "slowest_stage"),
    *("paced_by", "entry", "exit", "usd_per_hour", "tok_per_s", "hosts"),
}
STAGE_KEYS = {
    *("host", "machine", "accelerator", "devices", "tensor_parallel", "layers", "first_layer"),
    *("stage_time_s", "hand_over_s", "hbm_used_bytes", "hbm_capacity_bytes", "usd_per_hour"),
    "tok_per_s",
}
LINK_KEYS = {
    *("name", "a", "b", "from", "to", "bytes_per_s", "latency_s", "uses", "busy_fraction"),
}


@pytest.fixture(scope="module")
def space() -> ChainSpace:
    """Two hosts on a switch with a gateway."""
    network = two_hosts().topology
    gated = replace(
        network,
        switches=(*network.switches, Switch("gate", GATEWAY)),
        links=(*network.links, Link("wan", "gate", "leaf", 10**6, 10**6)),
    )
    found = lower_placement(two_hosts(topology=gated, entry="gate", exit="gate"))
    assert isinstance(found, ChainSpace)
    return found


@pytest.fixture(scope="module")
def plan(space: ChainSpace) -> ChainPlan:
    """Three layers on a, two on b."""
    options = {meaning.orbit: k for k, meaning in enumerate(space.meanings)}
    return ChainPlan((ChainStage(0, options[0], 3), ChainStage(1, options[1], 2)))


@pytest.fixture(scope="module")
def design(space: ChainSpace, plan: ChainPlan) -> dict[str, Any]:
    """Of the last setting: 3 microbatches of 2."""
    return describe_chain(space, 3, plan)


def test_a_design_has_the_keys_of_the_contract(design: dict[str, Any]) -> None:
    assert set(design) == CHAIN_KEYS
    assert all(set(stage) == STAGE_KEYS for stage in design["stages"])
    assert all(set(link) == LINK_KEYS for link in design["links"])


def test_a_design_is_plain_json(design: dict[str, Any]) -> None:
    assert json.loads(json.dumps(design)) == design


def test_stages_follow_one_another(design: dict[str, Any]) -> None:
    told = [(s["host"], s["first_layer"], s["layers"]) for s in design["stages"]]
    assert told == [("a", 0, 3), ("b", 3, 2)]


def test_time_of_stages_and_hand_overs_with_the_way_in_add_up_to_the_latency(
    space: ChainSpace, plan: ChainPlan, design: dict[str, Any]
) -> None:
    assert space.problem is not None
    way_in = int(space.problem.hand_over_ps[3, 2, 0])
    total_s = sum(stage["stage_time_s"] + stage["hand_over_s"] for stage in design["stages"])
    latency = value_of(space.tables_of(3), plan).latency
    assert total_s * 1e12 + way_in == pytest.approx(latency)


def test_links_are_told_in_the_direction_of_use(design: dict[str, Any]) -> None:
    told = {(link["from"], link["to"]): link["uses"] for link in design["links"]}
    assert told == {
        ("gate", "leaf"): [["gate", "a"]],
        ("leaf", "a"): [["gate", "a"]],
        ("a", "leaf"): [["a", "b"]],
        ("leaf", "b"): [["a", "b"]],
        ("b", "leaf"): [["b", "gate"]],
        ("leaf", "gate"): [["b", "gate"]],
    }


def test_the_busiest_link_is_one_of_the_busiest(design: dict[str, Any]) -> None:
    busy = {link["name"]: link["busy_fraction"] for link in design["links"]}
    assert busy[design["busiest_link"]] == max(busy.values())


def test_a_link_is_busy_for_the_bytes_of_all_microbatches(
    space: ChainSpace, plan: ChainPlan, design: dict[str, Any]
) -> None:
    time_ps = value_of(space.tables_of(3), plan).time
    (wan,) = [link for link in design["links"] if link["from"] == "gate"]
    # 3 microbatches of 2 token ids of 4 bytes at 1e6 bytes/s: 8 us each.
    assert wan["busy_fraction"] == pytest.approx(3 * 8_000_000 / time_ps)


def test_memory_is_that_of_the_layers_held(
    space: ChainSpace, plan: ChainPlan, design: dict[str, Any]
) -> None:
    assert space.problem is not None
    option = space.problem.options[plan.stages[0].option]
    used = 3 * option.layer_bytes[3] + option.fixed_bytes[3]
    assert design["stages"][0]["hbm_used_bytes"] == used
    assert design["stages"][0]["hbm_capacity_bytes"] == 10**6


def test_a_host_that_holds_everything_holds_both_embedding_tables(space: ChainSpace) -> None:
    assert space.problem is not None
    option = space.problem.options[0]
    stage = describe_chain(space, 0, ChainPlan((ChainStage(0, 0, 5),)))["stages"][0]
    used = 5 * option.layer_bytes[0] + option.fixed_bytes[0] + option.alone_bytes[0]
    assert stage["hbm_used_bytes"] == used


def test_the_price_is_that_of_all_hosts(design: dict[str, Any]) -> None:
    assert design["usd_per_hour"] == pytest.approx(7 / 3 + 4 / 5)


def test_a_price_that_is_unknown_is_not_told(plan: ChainPlan) -> None:
    network = two_hosts().topology
    hosts = (replace(network.hosts[0], usd_per_hour=None), network.hosts[1])
    asked = two_hosts(topology=replace(network, hosts=hosts), trade_off=("speed", "throughput"))
    found = lower_placement(asked)
    assert isinstance(found, ChainSpace)
    assert describe_chain(found, 0, plan)["usd_per_hour"] is None


def test_hosts_of_an_orbit_are_used_in_their_order() -> None:
    racks = lower_placement(two_racks(10**8))
    assert isinstance(racks, ChainSpace)
    option = {meaning.orbit: k for k, meaning in enumerate(racks.meanings)}
    stages = [ChainStage(orbit, option[orbit], 1) for orbit in (1, 0, 1, 0)]
    assert hosts_of(racks, ChainPlan(tuple(stages))) == ["c", "a", "d", "b"]
