"""Several replicas end to end, against every packing of all chains and against tampering."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from solver.api import read_instance
from solver.instance.placement.domain import PlacementDesign, PlacementInstance
from solver.placement_api import solve_placement_question, verify_placement_document
from solver.result import canonical_digest
from solver.sweep.placement.strips import strip_to_dict, strips_between
from solver.topology import GATEWAY, Host, Link, Switch, Topology
from tests.oracles.placement_questions import two_hosts
from tests.oracles.plain_packings import MICRO, packings, tree_questions
from tests.solver.sweep.placement.questions import GB, measured, star

Document = dict[str, Any]
SHIPPED = Path(__file__).resolve().parents[4] / "instances" / "placement"
_CHECKS = settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True
)


def _document(instance: PlacementInstance) -> Document:
    told: Document = json.loads(solve_placement_question(instance).to_json())
    return told


def _points(document: Document) -> list[tuple[int, int]]:
    exact = [point["exact"] for point in document["points"]]
    return [(one["latency_ps"], int(Fraction(one["throughput"]) * MICRO)) for one in exact]


@_CHECKS
@given(tree_questions(most_hosts=3))
def test_the_result_is_the_frontier_of_all_packings_and_is_proved_again(
    instance: PlacementInstance,
) -> None:
    document = _document(instance)
    assert _points(document) == packings(instance)
    assert verify_placement_document(document, reprove=True).passed


@_CHECKS
@given(tree_questions(measured=True, most_hosts=5))
def test_the_same_holds_for_measured_machines(instance: PlacementInstance) -> None:
    document = _document(instance)
    assert _points(document) == packings(instance)
    assert verify_placement_document(document, reprove=True).passed


def _five(way_in: int, between: int = 10**9) -> PlacementInstance:
    """Five equal hosts in two racks with computed times, whose tokens come in over one link."""
    hosts = tuple(Host(f"h{n}", "fast", 1, 4 * 10**5) for n in range(5))
    wires = [Link(f"up-{n}", f"h{n}", f"s{n % 2}", 10**9, 10**5) for n in range(5)]
    return two_hosts(
        name="five",
        trade_off=("speed", "throughput"),
        topology=Topology(
            "five",
            hosts,
            (Switch("s0", "leaf"), Switch("s1", "leaf"), Switch("gw", GATEWAY)),
            (
                *wires,
                Link("mid", "s0", "s1", between, 10**5),
                Link("in", "gw", "s0", way_in, 10**5),
            ),
        ),
        design=PlacementDesign((1,), (1, 4), (1, 2), replicas="several"),
        entry="gw",
        exit="gw",
    )


@pytest.mark.parametrize(
    ("way_in", "between"), [(10**9, 10**9), (2 * 10**6, 10**9), (10**9, 10**6)]
)
def test_five_hosts_with_computed_times_have_the_frontier_of_all_packings(
    way_in: int, between: int
) -> None:
    instance = _five(way_in, between)
    assert _points(_document(instance)) == packings(instance)


def test_a_way_in_that_binds_costs_throughput() -> None:
    wide, narrow = (_points(_document(_five(width))) for width in (10**9, 2 * 10**6))
    assert max(rate for _, rate in narrow) < max(rate for _, rate in wide)


def _tampered(document: Document, change: Callable[[Document], object]) -> Document:
    told = copy.deepcopy(document)
    change(told)
    told["digest"] = canonical_digest(told)
    return told


def _faults(document: Document) -> list[str]:
    found = verify_placement_document(document)
    return [fault for check in found.checks if not check.passed for fault in check.faults]


_WIDE = _document(_five(10**9))


def test_two_replicas_on_one_host_are_refused_by_name() -> None:
    def same_host(told: Document) -> None:
        replicas = told["points"][-1]["design"]["replicas"]
        assert len(replicas) > 1
        replicas[1] = copy.deepcopy(replicas[0])

    assert any("is in several replicas" in fault for fault in _faults(_tampered(_WIDE, same_host)))


def test_an_unknown_host_of_a_replica_is_refused_by_name() -> None:
    def nobody(told: Document) -> None:
        told["points"][-1]["design"]["replicas"][0]["stages"][0]["host"] = "nobody"

    assert any("'nobody' is no host" in fault for fault in _faults(_tampered(_WIDE, nobody)))


def test_a_replica_left_out_of_a_point_is_refused() -> None:
    def fewer(told: Document) -> None:
        told["points"][-1]["design"]["replicas"].pop()

    assert any("recomputed" in fault for fault in _faults(_tampered(_WIDE, fewer)))


def test_a_sum_of_throughput_beside_the_replicas_is_refused() -> None:
    def more(told: Document) -> None:
        told["points"][-1]["design"]["tok_per_s"] *= 2

    assert any("tok_per_s" in fault for fault in _faults(_tampered(_WIDE, more)))


def test_replicas_that_overfill_a_link_only_together_are_refused() -> None:
    # Two hosts of 20 tokens/s behind a gateway's link of 60 bytes/s: one sends 40, both 80. The
    # points are those of a wide network, which has no such limit, put into the narrow question.
    def network(rate: int) -> Topology:
        wide = star([(f"a-{n}", "fast", 1, 4 * GB, "1") for n in range(2)])
        others = [link for link in wide.links if link.name != "gw-leaf"]
        links = (*others, Link("gw-leaf", "gw", "leaf", rate, 10**7))
        return Topology("star", wide.hosts, wide.switches, links)

    narrow = _document(measured(topology=network(60), replicas="several"))
    wide = _document(measured(topology=network(10**10), replicas="several"))
    assert len(wide["points"][0]["design"]["replicas"]) == 2
    trade_off = ("speed", "throughput")

    def moved(told: Document) -> None:
        # Whoever cheats also claims the strips that fit the points.
        told["points"] = copy.deepcopy(wide["points"])
        images = [(time, -rate) for time, rate in _points(told)]
        strips = strips_between(images, width=2)
        told["claims"] = [{**narrow["claims"][0], **strip_to_dict(trade_off, s)} for s in strips]

    faults = _faults(_tampered(narrow, moved))
    assert any("replicas keep link gw-leaf" in fault for fault in faults)


def test_one_replica_of_those_that_overfill_a_link_is_accepted() -> None:
    network = star([(f"a-{n}", "fast", 1, 4 * GB, "1") for n in range(2)], rate=60)
    document = _document(measured(topology=network, replicas="several"))
    assert [len(point["design"]["replicas"]) for point in document["points"]] == [1]
    assert verify_placement_document(document, reprove=True).passed


def test_measured_machines_are_read_for_several_replicas() -> None:
    instance = read_instance(SHIPPED / "helix-pools24_l30b-replicas.toml")
    assert isinstance(instance, PlacementInstance)
    assert instance.is_measured
    assert instance.design.replicas == "several"
