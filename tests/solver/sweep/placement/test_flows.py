from __future__ import annotations

from fractions import Fraction

import pytest

from formulations.placement.plan import SINK, SOURCE, HeldRange, PlacementPlan, rate_of
from solver.instance.placement.domain import PlacementInstance
from solver.sweep.placement import flows
from solver.sweep.placement.engine_bound import EngineBound
from solver.sweep.placement.flow_bounds import bound_fault, refuted_again, told_bound
from solver.sweep.placement.flow_routing import overrun_links, routed_within
from solver.sweep.placement.flows import answer_flow, flow_space_of
from solver.sweep.placement.halt import Halt
from solver.sweep.placement.solve import solve_placement
from solver.topology import Host, Link, Switch, Topology
from tests.solver.sweep.placement.questions import GB, measured

_ACTIVATION = 16384


def _two_racks(trunk_tok_per_s: int) -> Topology:
    """Two hosts in each of two racks; all that passes between the racks shares one link."""
    racks = {"a": ("a-1", "a-2"), "b": ("b-1", "b-2")}
    wide = 10**10
    return Topology(
        name="two racks",
        hosts=tuple(Host(n, "slow", 1, 4 * GB) for hosts in racks.values() for n in hosts),
        switches=(
            Switch("leaf-a", "leaf"),
            Switch("leaf-b", "leaf"),
            Switch("gw", "gateway"),
        ),
        links=(
            *(Link(f"up-{n}", n, f"leaf-{r}", wide, 10**6) for r in racks for n in racks[r]),
            Link("trunk", "leaf-a", "leaf-b", trunk_tok_per_s * _ACTIVATION, 10**6),
            Link("in-a", "gw", "leaf-a", wide, 10**6),
            Link("in-b", "gw", "leaf-b", wide, 10**6),
        ),
    )


def _question(trunk_tok_per_s: int) -> PlacementInstance:
    return measured(topology=_two_racks(trunk_tok_per_s), trade_off=("throughput",))


def _across(space_hosts: tuple[str, ...]) -> PlacementPlan:
    """Two tracks that both cross from rack a to rack b, 21 tok/s each."""
    place = {name: i for i, name in enumerate(space_hosts)}
    ranges = tuple(
        HeldRange(place[name], first, 2)
        for name, first in (("a-1", 0), ("b-1", 2), ("a-2", 0), ("b-2", 2))
    )
    each = 21 * 10**6
    path = {(SOURCE, 0): each, (0, 1): each, (1, SINK): each}
    other = {(SOURCE, 2): each, (2, 3): each, (3, SINK): each}
    return PlacementPlan(ranges, {**path, **other})


def test_the_greatest_flow_of_four_machines_is_proved_in_integers() -> None:
    answer = answer_flow(measured(trade_off=("throughput",)))
    assert answer.status == "complete"
    assert answer.points[0].image == (-51 * 10**6,)
    assert answer.claims[0].engine == "integers"


def test_a_plan_that_shares_a_link_too_much_is_told() -> None:
    space = flow_space_of(_question(30))
    assert [name.split(":")[0] for name in overrun_links(space, _across(space.hosts))] == ["trunk"]


def test_a_flow_is_routed_within_what_its_hosts_share() -> None:
    space = flow_space_of(_question(30))
    plan, rerouted = routed_within(space, _across(space.hosts))
    assert rerouted
    assert not overrun_links(space, plan)
    assert 30 * 10**6 - 10 <= rate_of(plan) <= 30 * 10**6


def test_a_flow_that_shares_nothing_stays_as_it_is() -> None:
    space = flow_space_of(_question(10**5))
    plan = _across(space.hosts)
    assert routed_within(space, plan) == (plan, False)


def test_a_narrow_link_leaves_a_plan_that_meets_it() -> None:
    answer = answer_flow(_question(30))
    assert answer.points
    busy = [link["busy_fraction"] for link in answer.points[0].design["links"]]
    assert max(busy) <= 1.0


def test_too_many_patterns_leave_the_answer_partial(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise ValueError("too many stage patterns")

    monkeypatch.setattr(flows, "solve_placement", refuse)
    answer = answer_flow(measured(trade_off=("throughput",)))
    assert answer.status == "partial"
    assert answer.open_regions[0].reason == "too many stage patterns"


def test_without_time_the_flow_is_partial() -> None:
    answer = answer_flow(measured(trade_off=("throughput",)), halt=Halt(deadline=0.0))
    assert [region.reason for region in answer.open_regions] == ["time limit"]


def test_a_bound_below_what_its_worths_prove_is_refused() -> None:
    problem = flow_space_of(measured(trade_off=("throughput",))).problem
    told = told_bound(solve_placement(problem).proof)
    assert bound_fault(problem, told) is None
    fault = bound_fault(problem, {**told, "bound": "50"})
    assert fault is not None
    assert "51.000000" in fault


def test_an_engine_confirms_its_bound_and_no_lower_one() -> None:
    problem = flow_space_of(measured(trade_off=("throughput",))).problem
    told = told_bound(EngineBound(51 * 10**6, "cp-sat"))
    assert refuted_again(problem, told, time_limit_s=60.0) is None
    lower = {**told, "bound": str(Fraction(50))}
    fault = refuted_again(problem, lower, time_limit_s=60.0)
    assert fault is not None
    assert "51.000000" in fault
