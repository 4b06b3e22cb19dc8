"""What will be solved of a placement question, told before solving it."""

from __future__ import annotations

import io
import itertools
import json
from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console

from solver.catalog import shipped_catalog
from solver.instance.placement.domain import (
    LevelRounding,
    MeasuredMachine,
    PlacementDesign,
    PlacementInstance,
    PlacementLimits,
    PlacementMachine,
    ServedShape,
)
from solver.lowering.placement.lowering import lower_placement
from solver.report.placement_sizes import label_cells
from solver.report.placement_survey import placement_survey, print_placement_survey
from solver.topology import Host, Switch, Topology, Wire
from solver.topology.elements import Link

FAST = Wire(50 * 10**9, 2_000_000)


def rack(hosts: list[Host], *, gateway: bool = False) -> Topology:
    """Hosts below one leaf, with a gateway if asked for."""
    switches = [Switch("leaf", "leaf"), *([Switch("gw", "gateway")] if gateway else [])]
    ends = [host.name for host in hosts] + ["gw"] * gateway
    links = tuple(Link.over(end, "leaf", FAST) for end in ends)
    return Topology("rack", tuple(hosts), tuple(switches), links)


def modelled(*, limits: PlacementLimits | None = None, small: int = 2) -> PlacementInstance:
    """Llama 3.1 8B on one A100 machine and ``small`` L4 machines: speed against cost."""
    catalog = shipped_catalog()
    a100, l4 = (catalog.accelerators[name] for name in ("A100-80GB SXM", "L4"))
    hosts = [Host("big", "a100", 4, 80 * 10**9, 3 * 10**11, 10**6, Fraction(8))]
    hosts += [
        Host(f"small{k}", "l4", 1, 24 * 10**9, usd_per_hour=Fraction(1, 2)) for k in range(small)
    ]
    return PlacementInstance(
        name="rack",
        title="A rack",
        trade_off=("speed", "cost"),
        model=catalog.models["Llama-3.1-8B"],
        shape=None,
        context_tokens=4096,
        machines=(PlacementMachine("a100", a100), PlacementMachine("l4", l4)),
        topology=rack(hosts),
        design=PlacementDesign(tensor_parallel=(1, 2, 4), microbatch=(1, 64), in_flight=(1, 2)),
        limits=limits or PlacementLimits(),
    )


def measured(*, rate: int = 100, hosts: int = 3) -> PlacementInstance:
    """Hosts that hold up to 4 of 8 layers: the greatest flow."""
    machine = MeasuredMachine(tok_per_s=tuple(Fraction(rate, k) for k in (1, 2, 3, 4)))
    return PlacementInstance(
        name="flow",
        title="A flow",
        trade_off=("throughput",),
        model=None,
        shape=ServedShape(layers=8, activation_bytes=16384, token_bytes=2),
        context_tokens=4096,
        machines=(PlacementMachine("t4", None, machine),),
        topology=rack([Host(f"t{k}", "t4", 1, 16 * 10**9) for k in range(hosts)], gateway=True),
        design=PlacementDesign(),
        entry="gw",
        exit="gw",
    )


def surveyed(instance: PlacementInstance) -> dict[str, Any]:
    return placement_survey(instance, lower_placement(instance))


def printed(instance: PlacementInstance, *, width: int = 80) -> str:
    stream = io.StringIO()
    console = Console(file=stream, width=width, highlight=False)
    print_placement_survey(instance, lower_placement(instance), console)
    return "\n".join(line.rstrip() for line in stream.getvalue().splitlines())


def limit_of(found: dict[str, Any], name: str) -> dict[str, Any]:
    return next(entry for entry in found["limits"] if entry["limit"] == name)


@given(st.lists(st.integers(1, 3), min_size=1, max_size=4), st.integers(1, 9))
def test_cells_are_those_of_the_search(counts: list[int], most: int) -> None:
    used = itertools.product(*(range(count + 1) for count in counts))
    wanted = sum(sum(n > 0 for n in row) for row in used if 0 < sum(row) <= most)
    assert label_cells(counts, most) == wanted


def test_hosts_are_told_by_machine_with_their_orbits() -> None:
    hosts = surveyed(modelled())["hosts"]
    assert [(h["machine"], h["hosts"], h["orbits"]) for h in hosts] == [
        ("a100", 1, 1),
        ("l4", 2, 1),
    ]
    assert hosts[1]["usd_per_hour"] == 0.5


def test_links_are_told_by_the_kinds_of_their_ends() -> None:
    (links,) = surveyed(modelled())["links"]
    assert (links["kind"], links["links"]) == ("host - leaf", 3)
    assert links["bytes_per_s"] == [50 * 10**9, 50 * 10**9]
    assert links["latency_s"] == [2e-6, 2e-6]


def test_settings_are_all_pairs() -> None:
    settings = surveyed(modelled())["settings"]
    assert settings == {"count": 4, "microbatch": [1, 64], "in_flight": [1, 2]}


def test_the_capacity_is_that_of_the_roomiest_setting() -> None:
    found = surveyed(modelled())
    best = [h["hosts"] * h["most_layers"]["best"] for h in found["hosts"]]
    assert found["capacity"]["most"] == sum(best)
    assert found["capacity"]["settings"] == 4


def test_a_limit_of_as_many_hosts_as_there_are_cannot_bind() -> None:
    found = surveyed(modelled(limits=PlacementLimits(max_hosts=3)))
    assert limit_of(found, "max_hosts")["binds"] == "cannot"


def test_a_budget_below_the_cheapest_host_rules_out_all() -> None:
    found = surveyed(modelled(limits=PlacementLimits(max_usd_per_hour=Fraction(1, 4))))
    assert limit_of(found, "max_usd_per_hour")["binds"] == "rules out all"
    assert any("max_usd_per_hour" in hint for hint in found["hints"])


def test_a_budget_for_all_hosts_cannot_bind() -> None:
    found = surveyed(modelled(limits=PlacementLimits(max_usd_per_hour=Fraction(9))))
    assert limit_of(found, "max_usd_per_hour")["binds"] == "cannot"


def test_a_speed_beyond_the_bound_rules_out_all() -> None:
    found = surveyed(modelled(limits=PlacementLimits(min_speed_tok_per_s=Fraction(10**6))))
    assert limit_of(found, "min_speed")["binds"] == "rules out all"


def test_a_speed_that_some_host_reaches_may_bind() -> None:
    found = surveyed(modelled(limits=PlacementLimits(min_speed_tok_per_s=Fraction(1))))
    assert limit_of(found, "min_speed")["binds"] == "may"


def test_a_cluster_too_small_for_the_model_gets_a_hint() -> None:
    found = surveyed(measured(hosts=1))
    assert found["capacity"] == {"most": 4, "least": 4, "settings": 1, "settings_with_room": 0}
    assert "4 of 8 layers" in found["hints"][0]


def test_a_flow_has_a_bound_and_no_settings() -> None:
    found = surveyed(measured())
    # Three hosts of 100 layer-tokens/s share 8 layers.
    assert found["bound_tok_per_s"] == pytest.approx(37.5, rel=1e-6)
    assert (found["settings"], found["cells"]) == (None, None)


@pytest.mark.parametrize(("bytes_per_s", "binds"), [(16384, "may"), (10**9, "cannot")])
def test_links_narrower_than_their_hosts_may_bind(bytes_per_s: int, binds: str) -> None:
    base = measured()
    names = base.topology.host_names
    links = [Link.over(host, "gw", FAST) for host in names]
    links += [
        Link.over(a, b, Wire(bytes_per_s, 10**6)) for a, b in itertools.combinations(names, 2)
    ]
    mesh = Topology("mesh", base.topology.hosts, (Switch("gw", "gateway"),), tuple(links))
    found = surveyed(replace(base, topology=mesh))
    assert limit_of(found, "links between hosts")["binds"] == binds


def test_levels_that_links_are_rounded_to_are_told() -> None:
    rounded = replace(modelled(), rounding=LevelRounding(bytes_per_s=(10**9, 10**10)))
    assert surveyed(rounded)["rounding"] == {"bytes_per_s": [10**9, 10**10], "latency_s": []}
    assert "rounding   links to 2 levels of bandwidth, down for designs" in printed(rounded)


def test_many_cells_are_hinted_at() -> None:
    base = modelled(small=1)
    # Every host at another price, so that no two are alike.
    hosts = [
        Host(f"h{k:02}", "l4", 1, 24 * 10**9, usd_per_hour=Fraction(k + 1, 7)) for k in range(18)
    ]
    found = surveyed(replace(base, topology=rack(hosts)))
    assert found["cells"] == 18 * 2**17
    assert "no two hosts are alike" in found["hints"][-1]


@pytest.mark.parametrize("make", [modelled, measured])
def test_a_survey_is_plain_json(make: Any) -> None:
    found = surveyed(make())
    assert json.loads(json.dumps(found)) == found


@pytest.mark.parametrize("make", [modelled, measured])
@pytest.mark.parametrize("width", [60, 80])
def test_no_line_is_wider_than_the_console(make: Any, width: int) -> None:
    assert max(cell_len(line) for line in printed(make(), width=width).splitlines()) <= width


def test_a_survey_of_chains_is_printed_as_pinned() -> None:
    assert printed(modelled()).startswith(
        """\
A rack

trade-off  speed against cost
hosts      3 in 2 orbits of interchangeable ones
"""
    )


def test_a_survey_of_flows_tells_where_tokens_come_in() -> None:
    assert "tokens     in by gw, out by gw\n" in printed(measured())
