from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from solver.instance.placement.domain import (
    PlacementDesign,
    PlacementInstance,
    PlacementLimits,
    PlacementRules,
)
from solver.placement_api import solve_placement_question
from solver.sweep.placement.conflict import explain_infeasible
from solver.sweep.placement.halt import Halt
from solver.topology import Host, Link, Switch, Topology
from tests.solver.sweep.placement.questions import GB, measured, priced, star

_THREE_SMALL = star([(f"low-{n}", "l4", 1, 2_400_000_000, "1/3") for n in range(3)])


def _names(instance: PlacementInstance) -> list[str]:
    return [entry["limit"] for entry in explain_infeasible(instance)]


def test_a_speed_that_nothing_reaches_is_told_with_the_greatest() -> None:
    limits = PlacementLimits(min_speed_tok_per_s=Fraction(5000))
    (entry,) = explain_infeasible(priced(limits=limits))
    assert entry["limit"] == "min_speed"
    needed = PlacementLimits(min_speed_tok_per_s=Fraction(str(entry["needed"])))
    assert solve_placement_question(priced(limits=needed)).status == "complete"


def test_a_cost_that_nothing_meets_is_told_with_the_least() -> None:
    limits = PlacementLimits(max_cost_usd_per_mtok=Fraction(1, 100))
    (entry,) = explain_infeasible(priced(limits=limits))
    assert entry["limit"] == "max_cost"
    least = min(Fraction(str(p.exact["cost"])) for p in solve_placement_question(priced()))
    assert Fraction(entry["needed_exact"]) == least


def test_speed_and_cost_together_conflict() -> None:
    limits = PlacementLimits(
        min_speed_tok_per_s=Fraction(1700), max_cost_usd_per_mtok=Fraction(1, 10)
    )
    assert _names(priced(limits=limits)) == ["min_speed", "max_cost"]


def test_memory_that_is_short_is_told_with_the_layers_it_holds() -> None:
    (entry,) = explain_infeasible(priced(topology=star([("low", "l4", 1, 2 * GB, "1/3")])))
    assert entry["limit"] == "hbm"
    assert "at most 2 of 4 layers" in entry["text"]


def test_the_memory_that_would_do_does_and_a_byte_less_does_not() -> None:
    (entry,) = explain_infeasible(priced(topology=star([("low", "l4", 1, 2 * GB, "1/3")])))
    more = int(Fraction(entry["needed_exact"]) * GB)
    for missing, status in ((0, "complete"), (1, "infeasible")):
        network = star([("low", "l4", 1, 2 * GB + more - missing, "1/3")])
        assert solve_placement_question(priced(topology=network)).status == status


def test_the_memory_that_would_do_counts_the_share_that_is_kept_free() -> None:
    def asked(more: int) -> PlacementInstance:
        found = priced(topology=star([("low", "l4", 1, 2 * GB + more, "1/3")]))
        return replace(found, rules=PlacementRules(hbm_reserve_fraction=Fraction(1, 3)))

    (entry,) = explain_infeasible(asked(0))
    more = int(Fraction(entry["needed_exact"]) * GB)
    for missing, status in ((0, "complete"), (1, "infeasible")):
        assert solve_placement_question(asked(more - missing)).status == status


def test_degrees_that_no_host_can_run_at_are_told() -> None:
    network = star([("low", "l4", 1, 4 * GB, "1/3")])
    (entry,) = explain_infeasible(
        priced(topology=network, design=PlacementDesign(tensor_parallel=(2, 4)))
    )
    assert (entry["limit"], entry["needed"]) == ("tensor_parallel", None)
    assert "on offer (2, 4)" in entry["text"]


def test_rows_of_a_table_of_rates_limit_layers_where_cost_counts() -> None:
    network = star([("b-1", "slow", 1, 4 * GB, "1")])
    asked = measured(topology=network, trade_off=("speed", "cost"))
    assert _names(asked) == ["max_layers"]


def test_few_hosts_are_told_with_the_fewest_that_do() -> None:
    instance = priced(topology=_THREE_SMALL, limits=PlacementLimits(max_hosts=1))
    needed = {entry["limit"]: entry["needed"] for entry in explain_infeasible(instance)}
    assert needed["max_hosts"] == 2
    assert set(needed) == {"hbm", "max_hosts"}


def test_a_price_is_told_with_the_least_that_does() -> None:
    instance = priced(
        topology=_THREE_SMALL, limits=PlacementLimits(max_usd_per_hour=Fraction(1, 2))
    )
    needed = {entry["limit"]: entry["needed_exact"] for entry in explain_infeasible(instance)}
    assert needed["max_usd_per_hour"] == "2/3"


def test_hosts_that_nothing_joins_are_told() -> None:
    network = Topology(
        name="apart",
        hosts=tuple(Host(f"b-{n}", "slow", 1, 4 * GB) for n in range(2)),
        switches=(Switch("gw", "gateway"),),
        links=tuple(Link(f"to-{n}", f"b-{n}", "gw", 10**9, 10**6) for n in range(2)),
    )
    assert _names(measured(topology=network)) == ["max_layers", "links"]


def test_machines_measured_up_to_few_layers_are_told() -> None:
    network = star([("b-1", "slow", 1, 4 * GB, "1")])
    (entry,) = explain_infeasible(measured(topology=network))
    assert (entry["limit"], entry["needed"]) == ("max_layers", None)


def test_a_flow_that_hosts_cannot_hold_is_told() -> None:
    network = star([("b-1", "slow", 1, 4 * GB, "1")])
    found = solve_placement_question(measured(topology=network, trade_off=("throughput",)))
    assert found.status == "infeasible"
    assert "at most 3 of 4 layers" in found.conflict[0]["text"]


def test_without_time_the_limits_are_told_not_reduced() -> None:
    limits = PlacementLimits(min_speed_tok_per_s=Fraction(5000))
    entries = explain_infeasible(priced(limits=limits), halt=Halt(deadline=0.0))
    assert {entry["set"] for entry in entries} == {"not reduced"}
    assert all("not worked out" in entry["text"] for entry in entries)


def test_a_speed_that_measured_machines_do_not_reach_is_alone_to_blame() -> None:
    limits = PlacementLimits(min_speed_tok_per_s=Fraction(1000))
    (entry,) = explain_infeasible(measured(limits=limits))
    assert entry["limit"] == "min_speed"
    assert Fraction(entry["needed_exact"]) == Fraction(10**12, 8_030_000_000)
