from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from itertools import pairwise

import pytest

from solver.instance.placement.domain import (
    MeasuredMachine,
    PlacementDesign,
    PlacementInstance,
    PlacementMachine,
    ServedShape,
)
from solver.lowering.placement.lowering import lower_placement
from solver.lowering.placement.space import MICRO, ChainSpace
from solver.sweep.placement.replica_links import with_links_of_all
from solver.sweep.placement.replicas import sweep_replicas
from solver.topology import Host, Link, Switch, Topology

_GIGA = 10**9


def _instance(*, uplink: int = 100 * _GIGA, cross: int = 100 * _GIGA) -> PlacementInstance:
    """Two racks of two hosts that each hold the whole model at 10 tokens/s of 100 bytes; the way
    in comes through one uplink, and racks meet over a core."""
    wires = [Link(f"{h}-{leaf}", h, leaf, 100 * _GIGA, 1000) for leaf in "ab" for h in
             (f"{leaf}1", f"{leaf}2")]  # fmt: skip
    topology = Topology(
        name="racks",
        hosts=tuple(Host(h, "m", 1, 1, usd_per_hour=Fraction(1)) for h in ("a1", "a2", "b1", "b2")),
        switches=(
            Switch("a", "leaf"),
            Switch("b", "leaf"),
            Switch("core", "spine"),
            Switch("gate", "gateway"),
        ),
        links=(
            *wires,
            Link("a-core", "a", "core", cross, 1000),
            Link("b-core", "b", "core", cross, 1000),
            Link("up", "gate", "core", uplink, 1000),
        ),
    )
    machine = PlacementMachine(
        "m", None, MeasuredMachine((Fraction(12), Fraction(10)), ((1, Fraction(1, 1000)),))
    )
    return PlacementInstance(
        name="racks",
        title="",
        trade_off=("speed", "throughput"),
        model=None,
        shape=ServedShape(layers=2, activation_bytes=1000, token_bytes=100),
        context_tokens=1,
        machines=(machine,),
        topology=topology,
        design=PlacementDesign(replicas="several"),
        entry="gate",
        exit="gate",
    )


def _space(instance: PlacementInstance) -> ChainSpace:
    space = lower_placement(instance)
    assert isinstance(space, ChainSpace)
    return space


def test_links_that_no_packing_can_fill_are_not_counted() -> None:
    counted, names = with_links_of_all(_space(_instance()))
    assert names == ()
    assert counted.tables is not None
    assert counted.tables.trunks == _space(_instance()).tables.trunks


def test_a_way_in_that_one_chain_never_fills_is_counted_where_many_may() -> None:
    space = _space(_instance(uplink=3500))
    assert space.tables is not None
    assert not any("up" in trunk.name for trunk in space.tables.trunks)
    _, names = with_links_of_all(space)
    assert any("up" in name for name in names)


@pytest.mark.parametrize(("uplink", "replicas"), [(4000, 4), (3999, 3), (2500, 2), (1000, 1)])
def test_as_many_replicas_run_as_the_way_in_carries(uplink: int, replicas: int) -> None:
    # Each takes 10 tokens/s of 100 bytes: 1000 bytes/s.
    answer = sweep_replicas(_space(_instance(uplink=uplink)))
    assert answer.complete
    assert max(len(point.replicas) for point in answer.points) == replicas


def test_no_point_fills_a_link_between_racks_beyond_its_bandwidth() -> None:
    # Chains of two hosts carry 12 tokens/s: 12000 bytes/s between racks, where 13000 fit each way.
    instance = _instance(uplink=2300, cross=13_000)
    space = _space(instance)
    points = sweep_replicas(space).points
    assert points
    for point in points:
        assert 100 * Fraction(point.rate, MICRO) <= 2300
        for orbit in range(len(space.orbits)):
            leaving = 0
            for replica in point.replicas:
                passed = [stage.orbit for stage in replica.plan.stages]
                hops = sum(a == orbit != b for a, b in pairwise(passed))
                leaving += replica.rate * (1000 * hops + 100 * (passed[-1] == orbit))
            assert leaving <= 13_000 * MICRO


def test_hand_overs_that_take_their_latency_alone_fill_no_link_in_time() -> None:
    instance = _instance(uplink=10)
    rules = replace(instance.rules, hand_over="latency")
    space = _space(replace(instance, rules=rules, trade_off=("speed", "cost")))
    assert space.problem is not None
    assert with_links_of_all(space)[1] == ()


def test_a_link_of_a_problem_is_counted_where_its_busy_time_can_add_up() -> None:
    space = _space(replace(_instance(uplink=100_000), trade_off=("speed", "cost")))
    assert space.problem is not None
    counted, names = with_links_of_all(space)
    assert any("up" in name for name in names)
    assert counted.problem is not None
    busy = {link.name: link.busy_ps for link in counted.problem.shared}
    # 100 bytes at 100000 bytes/s take a millisecond, in and out.
    assert {int(busy[name].max()) for name in names if "up" in name or "gate" in name} == {10**9}
