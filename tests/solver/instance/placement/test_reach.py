"""Gateways forward nothing: an entry must reach a host, and hosts without neighbours are told."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from solver.instance.placement.reach import hosts_reached
from solver.instance.placement.reader import placement_instance_from_raw
from solver.topology import Host, Link, Switch, Topology, Wire
from tests.solver.instance.placement.questions import INLINE, WIRE, changed

Faults = Callable[..., list[str]]
LEAF = {"a": "a[0-1],l4-[0-2]", "b": "leaf", **WIRE}


def _behind_a_gateway() -> dict[str, Any]:
    return changed(
        INLINE,
        {
            "switches.1.names": "gw,between",
            "links": [
                LEAF,
                {"a": "gw", "b": "between", **WIRE},
                {"a": "between", "b": "leaf", **WIRE},
            ],
        },
    )


def test_an_entry_that_reaches_no_host_is_refused(faults_of: Faults) -> None:
    (fault,) = faults_of(_behind_a_gateway())
    assert "topology.entry" in fault
    assert "no path leads from 'gw' to any host" in fault
    assert "Join 'gw' with a switch or a host" in fault


def test_a_host_that_only_a_gateway_joins_is_warned_of() -> None:
    links = [
        {"a": "a[0-1],l4-[0-1]", "b": "leaf", **WIRE},
        {"a": "gw", "b": "leaf,l4-2", **WIRE},
    ]
    question = placement_instance_from_raw(changed(INLINE, {"links": links}))
    (warning,) = [text for text in question.warnings if "no path" in text]
    assert "from l4-2 to any other host" in warning


def test_hosts_on_one_switch_bring_no_warning() -> None:
    assert not any("no path" in text for text in placement_instance_from_raw(INLINE).warnings)


def test_a_path_leads_past_a_host_only_where_hosts_forward() -> None:
    hosts = tuple(Host(name, "x", 1, 10**9) for name in ("near", "far"))
    wire = Wire(10**9, 0)
    links = (Link.over("gate", "near", wire), Link.over("near", "far", wire))
    line = Topology("line", hosts, (Switch("gate", "gateway"),), links)
    assert hosts_reached(line, "gate") == {"near"}
    assert hosts_reached(line, "gate", through_hosts=True) == {"near", "far"}
