"""Result documents of placement questions, made by hand: no solver is needed to report on them."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from fractions import Fraction
from itertools import pairwise
from typing import Any

__all__ = [
    "bracketed",
    "document",
    "flow",
    "infeasible",
    "measured",
    "partial",
    "partial_flow",
    "several",
    "single",
]

Fields = dict[str, Any]
SPEED = {"name": "speed", "unit": "tok/s/user", "sense": "max"}
COST = {"name": "cost", "unit": "usd/Mtok", "sense": "min"}
THROUGHPUT = {"name": "throughput", "unit": "tok/s", "sense": "max"}


def network(hosts: Mapping[str, tuple[str, int]]) -> Fields:
    """Hosts (name -> machine, devices) below one leaf, in node-link form."""
    nodes: list[Fields] = [
        {"id": name, "kind": "host", "accelerator": machine, "devices": devices,
         "hbm_bytes": 80 * 10**9, "usd_per_hour": "16"}
        for name, (machine, devices) in hosts.items()
    ]  # fmt: skip
    edges = [
        {"source": name, "target": "leaf", "name": f"{name}--leaf", "bytes_per_s": 50 * 10**9,
         "latency_ps": 2_000_000}
        for name in hosts
    ]  # fmt: skip
    return {
        "directed": False,
        "multigraph": False,
        "graph": {"name": "rack"},
        "nodes": [*nodes, {"id": "leaf", "kind": "leaf"}],
        "edges": edges,
    }


def stage(host: str, machine: str, devices: int, degree: int, first: int, layers: int) -> Fields:
    """A stage whose layers take 1/4 ms each."""
    return {
        "host": host,
        "machine": machine,
        "accelerator": machine.upper(),
        "devices": devices,
        "tensor_parallel": degree,
        "layers": layers,
        "first_layer": first,
        "stage_time_s": layers / 4000,
        "hand_over_s": 1e-5,
        "hbm_used_bytes": layers * 10**9,
        "hbm_capacity_bytes": 80 * 10**9,
        "usd_per_hour": 16.0,
        "tok_per_s": None,
    }


def link(a: str, b: str, busy: float, uses: Sequence[Sequence[str]] = ()) -> Fields:
    """One direction of a link."""
    return {
        "name": "--".join(sorted((a, b))),
        "a": min(a, b),
        "b": max(a, b),
        "from": a,
        "to": b,
        "bytes_per_s": 50 * 10**9,
        "latency_s": 2e-6,
        "uses": [list(use) for use in uses] or [[a, b]],
        "busy_fraction": busy,
    }


def chain(stages: Sequence[Fields], microbatch: int, in_flight: int, **changes: Any) -> Fields:
    """A pipeline of these stages, handed over by a leaf."""
    hops = [(a["host"], b["host"]) for a, b in pairwise(stages)]
    return {
        "stages": list(stages),
        "microbatch": microbatch,
        "in_flight": in_flight,
        "batch": microbatch * in_flight,
        "links": [
            entry
            for a, b in hops
            for entry in (link(a, "leaf", 0.25, [(a, b)]), link("leaf", b, 0.125, [(a, b)]))
        ],
        "busiest_link": f"{hops[0][0]}--leaf" if hops else None,
        "slowest_stage": stages[0]["host"],
        "paced_by": "stage",
        "entry": None,
        "exit": None,
        "usd_per_hour": 16.0 * len(stages),
        "tok_per_s": 1000.0,
        "hosts": len(stages),
        **changes,
    }


def priced(latency_ps: int, cost: Fraction, design: Fields) -> Fields:
    """A point of speed against cost."""
    return {
        "objectives": {"speed": 10**12 / latency_ps, "cost": float(cost)},
        "exact": {"latency_ps": latency_ps, "cost": f"{cost.numerator}/{cost.denominator}"},
        "design": design,
        "proof": {"engine": "labels", "closed_by": "enumeration"},
    }


def rated(latency_ps: int, rate: Fraction, design: Fields) -> Fields:
    """A point of speed against throughput."""
    return {
        "objectives": {"speed": 10**12 / latency_ps, "throughput": float(rate)},
        "exact": {"latency_ps": latency_ps, "throughput": str(rate)},
        "design": design,
        "proof": {"engine": "labels", "closed_by": "enumeration"},
    }


def _whole(
    points: list[Fields], objectives: list[Fields], resolved: Fields, **changes: Any
) -> Fields:
    return {
        "schema": 1,
        "status": "complete",
        "instance": {
            "name": "small-cluster",
            "kind": "placement",
            "sha256": "0" * 64,
            "resolved": {
                "kind": "placement",
                "name": "small-cluster",
                "title": "A small cluster",
                "trade_off": [entry["name"] for entry in objectives],
                **resolved,
            },
        },
        "objectives": objectives,
        "points": points,
        "open_boxes": [],
        "conflict": [],
        "ideal": {},
        "nadir": {},
        "digest": "d" * 64,
        "provenance": {
            "engines": {},
            "formulation": "labels",
            "solves": 0,
            "wall_s": 1.5,
            "notes": ["two orbits"],
            "warnings": [],
        },
        **changes,
    }


_HOSTS = {"h0": ("h100x8", 8), "h1": ("h100x8", 8), "l0": ("l40s", 1), "l1": ("l40s", 1)}


def document() -> Fields:
    """A complete frontier of three pipelines: speed against cost."""
    fast = chain([stage("h0", "h100x8", 8, 8, 0, 40), stage("h1", "h100x8", 8, 8, 40, 40)], 1, 2)
    middle = chain([stage("h0", "h100x8", 8, 8, 0, 80)], 8, 1, paced_by="latency")
    cheap = chain(
        [
            stage("h0", "h100x8", 8, 4, 0, 60),
            stage("l0", "l40s", 1, 1, 60, 11),
            stage("l1", "l40s", 1, 1, 71, 9),
        ],
        8,
        4,
    )
    points = [
        priced(10 * 10**9, Fraction(44, 9), fast),
        priced(20 * 10**9, Fraction(20, 9), middle),
        priced(40 * 10**9, Fraction(1), cheap),
    ]
    resolved = {"model": {"name": "Llama-3.1-70B", "layers": 80}, "topology": network(_HOSTS)}
    return _whole(points, [SPEED, COST], resolved)


def single() -> Fields:
    """One pipeline of one host, which uses no link, is all."""
    made = document()
    made["points"] = made["points"][1:2]
    return made


def partial() -> Fields:
    """The same with a region that is still open."""
    made = document()
    made["status"] = "partial"
    made["open_boxes"] = [
        {"region": "speed 25 to 50 tok/s/user", "reason": "the time limit was reached"}
    ]
    return made


def infeasible() -> Fields:
    """A model larger than the cluster."""
    made = document()
    made |= {"status": "infeasible", "points": []}
    made["conflict"] = [
        {"limit": "hbm", "set": "minimum", "stated": 80.0, "unit": "GB", "needed": 96.5}
    ]
    return made


def bracketed() -> Fields:
    """A network rounded to levels: the frontier is within a bracket."""
    made = document()
    made["status"] = "partial"
    made["bracket"] = [
        {"speed": 110.0, "cost": 4.5},
        {"speed": 25.0, "cost": 0.9},
    ]
    return made


def measured() -> Fields:
    """Speed against throughput on measured machines, one setting, no memory and no price."""
    held = [
        stage(f"t{k}", "t4", 1, 1, 6 * k, 6) | {
            "accelerator": None,
            "hbm_used_bytes": None,
            "hbm_capacity_bytes": None,
            "usd_per_hour": None,
            "tok_per_s": 50.0 + k,
        }
        for k in range(4)
    ]  # fmt: skip
    fast = chain(held[:2], 1, 1, usd_per_hour=None, entry="gw", exit="gw")
    broad = chain(held, 1, 1, usd_per_hour=None, entry="gw", exit="gw", paced_by="latency")
    points = [rated(10**9, Fraction(50), fast), rated(2 * 10**9, Fraction(75), broad)]
    shape = {"layers": 12, "activation_bytes": 16384, "token_bytes": 2}
    hosts = {f"t{k}": ("t4", 1) for k in range(4)}
    return _whole(
        points, [SPEED, THROUGHPUT], {"model": None, "shape": shape, "topology": network(hosts)}
    )


def several() -> Fields:
    """Two pipelines side by side, each on hosts of its own."""
    made = measured()
    chains = [
        chain([stage(f"t{k}", "t4", 1, 1, 0, 12)], 1, 1, usd_per_hour=None, tok_per_s=40.0)
        for k in range(2)
    ]
    made["points"] = [
        rated(10**9, Fraction(80), {"replicas": chains, "tok_per_s": 80.0, "hosts": 2})
    ]
    return made


def flow() -> Fields:
    """The greatest flow: two hosts hold the first half, one the second; one idles."""

    def held(host: str, machine: str, first: int, rate: float, most: float) -> Fields:
        return {
            "host": host,
            "machine": machine,
            "accelerator": None,
            "devices": 1,
            "tensor_parallel": None,
            "microbatch": None,
            "layers": 6,
            "first_layer": first,
            "tok_per_s": rate,
            "capacity_tok_per_s": most,
        }

    def sent(a: str, b: str, rate: float) -> Fields:
        return {"from": a, "to": b, "tok_per_s": rate}

    design = {
        "stages": [
            held("t0", "t4", 0, 50.0, 50.0),
            held("t1", "t4", 0, 50.0, 50.0),
            held("a0", "a100", 6, 100.0, 120.0),
        ],
        "flows": [
            sent("entry", "t0", 50.0),
            sent("entry", "t1", 50.0),
            sent("t0", "a0", 50.0),
            sent("t1", "a0", 50.0),
            sent("a0", "exit", 100.0),
        ],
        "links": [link("t0", "leaf", 1.0), link("t1", "leaf", 0.5), link("leaf", "a0", 0.75)],
        "busiest_link": "leaf--t0",
        "idle_hosts": ["t2"],
        "tok_per_s": 100.0,
        "hosts": 3,
    }
    point = {
        "objectives": {"throughput": 100.0},
        "exact": {"throughput": "100"},
        "design": design,
        "proof": {
            "nondominated": "proved",
            "engine": "integers",
            "closed_by": "bound",
            "argument": "cover prices",
            "bound": "100",
            "worth": [1, 2],
        },
    }
    hosts = {"t0": ("t4", 1), "t1": ("t4", 1), "t2": ("t4", 1), "a0": ("a100", 1)}
    shape = {"layers": 12, "activation_bytes": 16384, "token_bytes": 2}
    return _whole(
        [point], [THROUGHPUT], {"model": None, "shape": shape, "topology": network(hosts)}
    )


def partial_flow() -> Fields:
    """A flow that may be 10 % below the greatest."""
    made = copy.deepcopy(flow())
    made["status"] = "partial"
    made["points"][0]["proof"] = {"nondominated": "not proved", "engine": "", "closed_by": "open"}
    made["open_boxes"] = [
        {
            "region": "throughput above 100 tok/s",
            "reason": "the time limit was reached",
            "facts": {"argument": "total work", "bound": "110"},
        }
    ]
    return made
