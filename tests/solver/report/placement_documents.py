"""Result documents of placement questions on real shapes, made by hand: no solver is needed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from typing import Any

from solver.topology import Host, Link, PathTable, Switch, Topology, Wire
from solver.topology.builders import (
    Row,
    dgx_pod,
    fat_tree,
    fibre,
    heterogeneous_rows,
    nvl72_racks,
    regions_over_wan,
)
from solver.topology.node_link import node_link_data

Stage = tuple[str, int, int]
"""Host, tensor-parallel degree, layers."""

SPEED = {"name": "speed", "unit": "tok/s/user", "sense": "max"}
COST = {"name": "cost", "unit": "usd/Mtok", "sense": "min"}
THROUGHPUT = {"name": "throughput", "unit": "tok/s", "sense": "max"}
ETHERNET = Wire(12_500_000_000, 5_000_000)
TRUNK = Wire(50_000_000_000, 2_000_000)


def host(name: str, devices: int = 8, usd: int = 10, machine: str = "") -> Host:
    return Host(name, machine or name, devices, 80 * 10**9, usd_per_hour=Fraction(usd))


A100, L40S, L4, H100 = (
    host("a100", 8, 16),
    host("l40s", 4, 5),
    host("l4", 4, 3),
    host("h100", 8, 24),
)


def racks() -> Topology:
    rows = [Row("rack-1", ((A100, 2), (L4, 8))), Row("rack-2", ((L40S, 6), (L4, 4)))]
    return heterogeneous_rows(rows, trunk=TRUNK, spines=2, name="two racks")


def pod() -> Topology:
    return dgx_pod(32, host=replace(H100, name="dgx"))


def nvl72(racks: int = 1) -> Topology:
    return nvl72_racks(racks)


def regions() -> Topology:
    row = [Row("row-1", ((A100, 2), (L4, 4))), Row("row-2", ((L40S, 3),))]
    one = heterogeneous_rows(row, trunk=TRUNK)
    two = heterogeneous_rows([Row("row-1", ((H100, 2),))], trunk=TRUNK)
    three = heterogeneous_rows([Row("row-1", ((L4, 5),))], trunk=TRUNK)
    wan = [
        ("us-east", "eu-west", fibre(6000, 1_250_000_000)),
        ("us-east", "ap-south", fibre(13000, 625_000_000)),
        ("eu-west", "ap-south", fibre(8000, 1_250_000_000)),
    ]
    parts = {"us-east": one, "eu-west": two, "ap-south": three}
    return regions_over_wan(parts, wan, gateway=TRUNK)


def mesh(count: int = 24) -> Topology:
    kinds = [replace(kind, name=kind.name) for kind in (A100, L4, L40S)]
    hosts = [kinds[number % 3].named(f"node-{number:02d}") for number in range(count)]
    names = [one.name for one in hosts]
    wire = Wire(1_250_000_000, 1_000_000_000)
    links = [Link.over(a, b, wire) for place, a in enumerate(names) for b in names[place + 1 :]]
    links += [Link.over("coordinator", name, wire) for name in names]
    return Topology("mesh", tuple(hosts), (Switch("coordinator", "gateway"),), tuple(links))


def ring(count: int = 8) -> Topology:
    hosts = [A100.named(f"node-{number}") for number in range(count)]
    links = [
        Link.over(f"node-{number}", f"node-{(number + 1) % count}", ETHERNET)
        for number in range(count)
    ]
    return Topology("ring", tuple(hosts), (), tuple(links))


def alone() -> Topology:
    return Topology("alone", (H100.named("h100-1"),), (), ())


def tree() -> Topology:
    return fat_tree(H100, 8)


def chain(
    topology: Topology,
    stages: Sequence[Stage],
    *,
    gateway: str | None = None,
    through_hosts: bool = False,
    busy: float = 0.12,
) -> dict[str, Any]:
    """The design of a pipeline over these hosts, its links as their shortest paths give them."""
    table = PathTable(topology, through_hosts=through_hosts)
    names = [name for name, _, _ in stages]
    passed = [gateway, *names, gateway] if gateway else names
    uses: dict[tuple[str, str], list[list[str]]] = {}
    for a, b in pairwise(passed):
        path = table.between(str(a), str(b))
        assert path is not None
        for edge in pairwise(path.nodes):
            uses.setdefault(edge, []).append([str(a), str(b)])
    links = []
    for (a, b), pairs in uses.items():
        link = topology.link(a, b)
        links.append(
            {
                "name": link.name,
                "a": link.a,
                "b": link.b,
                "from": a,
                "to": b,
                "bytes_per_s": link.bytes_per_s,
                "latency_s": link.latency_ps / 1e12,
                "uses": pairs,
                "busy_fraction": min(0.98, busy * len(pairs) * 12.5e9 / link.bytes_per_s),
            }
        )
    first, entries = 0, []
    for name, degree, layers in stages:
        found = topology.host(name)
        entries.append(
            {
                "host": name,
                "machine": found.accelerator,
                "accelerator": None,
                "devices": found.devices,
                "tensor_parallel": degree,
                "layers": layers,
                "first_layer": first,
                "stage_time_s": 1e-4 * layers,
                "hand_over_s": 2e-5,
                "hbm_used_bytes": 60 * 10**9,
                "hbm_capacity_bytes": found.hbm_bytes,
                "usd_per_hour": 10.0,
                "tok_per_s": None,
            }
        )
        first += layers
    busiest = max(links, key=lambda link: link["busy_fraction"], default=None)
    return {
        "stages": entries,
        "microbatch": 8,
        "in_flight": 4,
        "batch": 32,
        "links": links,
        "busiest_link": busiest["name"] if busiest else None,
        "slowest_stage": names[0],
        "paced_by": "stage",
        "entry": gateway,
        "exit": gateway,
        "usd_per_hour": 10.0 * len(names),
        "tok_per_s": 1234.5,
        "hosts": len(names),
    }


def document(
    topology: Topology,
    points: Sequence[tuple[Mapping[str, float], Mapping[str, Any]]],
    *,
    objectives: Sequence[Mapping[str, str]] = (SPEED, COST),
    layers: int = 80,
    **more: Any,
) -> dict[str, Any]:
    """A complete result of these points: (objectives, design) each."""
    names = [goal["name"] for goal in objectives]
    return {
        "schema": 1,
        "status": more.pop("status", "complete"),
        "instance": {
            "name": topology.name,
            "kind": "placement",
            "sha256": "0" * 64,
            "resolved": {
                "title": f"Llama 70B on {topology.name}",
                "trade_off": names,
                "layers": layers,
                "machines": [
                    {"name": name} for name in sorted({h.accelerator for h in topology.hosts})
                ],
                "topology": node_link_data(topology),
            },
        },
        "objectives": list(objectives),
        "points": [
            {
                "objectives": dict(values),
                "exact": {"latency_ps": round(1e12 / values.get("speed", 1.0))},
                "design": dict(design),
                "proof": {"engine": "labels", "closed_by": "enumeration"},
            }
            for values, design in points
        ],
        "open_boxes": more.pop("open_boxes", []),
        "conflict": [],
        "ideal": {
            g["name"]: (max if g["sense"] == "max" else min)(v[g["name"]] for v, _ in points)
            for g in objectives
            if points
        },
        "nadir": {
            g["name"]: (min if g["sense"] == "max" else max)(v[g["name"]] for v, _ in points)
            for g in objectives
            if points
        },
        "provenance": {"wall_s": 1.5},
        **more,
    }


def priced(speed: float, cost: float, design: Mapping[str, Any]) -> Any:
    return {"speed": speed, "cost": cost}, design


def on_racks() -> dict[str, Any]:
    net = racks()
    fast = [("rack-1-a100-1", 8, 40), ("rack-1-a100-2", 8, 40)]
    middle = [("rack-1-a100-1", 8, 45), ("rack-2-l40s-1", 4, 20), ("rack-2-l40s-2", 4, 15)]
    cheap = [(f"rack-2-l40s-{k}", 4, 14) for k in (1, 2, 3, 4)]
    cheap += [("rack-1-l4-1", 2, 8), ("rack-1-l4-2", 4, 8), ("rack-2-l4-1", 4, 8)]
    points = [
        priced(92.5, 3.42, chain(net, fast)),
        priced(70.1, 2.6, chain(net, middle)),
        priced(31.0, 1.18, chain(net, cheap)),
    ]
    return document(net, points)


def on_pod() -> dict[str, Any]:
    net = pod()
    return document(
        net, [priced(60, 2.0, chain(net, [(f"dgx-{k:02d}", 8, 20) for k in range(1, 5)]))]
    )


def on_nvl72(used: int = 5, racks: int = 1) -> dict[str, Any]:
    net = nvl72(racks)
    names = net.host_names[:: max(1, len(net.host_names) // used)][:used]
    stages = [(name, 4, 80 // used) for name in names]
    return document(net, [priced(60, 2.0, chain(net, stages))])


def over_regions() -> dict[str, Any]:
    net = regions()
    stages = [
        ("us-east/row-1-a100-1", 8, 30),
        ("us-east/row-2-l40s-1", 4, 10),
        ("eu-west/row-1-h100-1", 8, 30),
        ("ap-south/row-1-l4-1", 4, 5),
        ("ap-south/row-1-l4-2", 4, 5),
    ]
    return document(net, [priced(6.1, 2.0, chain(net, stages, busy=0.05))])


def on_mesh(count: int = 24, used: int = 20) -> dict[str, Any]:
    net = mesh(count)
    stages = [(f"node-{k:02d}", 1, 4) for k in range(used)]
    point = ({"speed": 6.1, "throughput": 214.2}, chain(net, stages, gateway="coordinator"))
    return document(net, [point], objectives=(SPEED, THROUGHPUT), layers=4 * used)


def on_ring() -> dict[str, Any]:
    net = ring()
    stages = [(f"node-{k}", 8, 20) for k in (0, 2, 3, 5)]
    return document(net, [priced(6.1, 2.0, chain(net, stages, through_hosts=True))])


def on_one_host() -> dict[str, Any]:
    net = alone()
    return document(net, [priced(40, 1.5, chain(net, [("h100-1", 8, 80)]))])


def on_tree() -> dict[str, Any]:
    net = tree()
    names = net.host_names
    stages = [(names[k], 8, 20) for k in (0, 1, 7, 40)]
    return document(net, [priced(60, 2.0, chain(net, stages))])


def several() -> dict[str, Any]:
    net = racks()
    chains = [
        chain(net, [("rack-1-a100-1", 8, 40), ("rack-1-a100-2", 8, 40)]),
        chain(net, [("rack-2-l40s-1", 4, 40), ("rack-2-l40s-2", 4, 40)]),
        chain(net, [("rack-1-l4-1", 4, 30), ("rack-2-l4-1", 4, 25), ("rack-2-l4-2", 4, 25)]),
    ]
    design = {"replicas": chains, "tok_per_s": 3700.0, "usd_per_hour": 70.0, "hosts": 7}
    point = ({"throughput": 3700.0}, design)
    return document(net, [point], objectives=(THROUGHPUT,))


def flow(
    topology: Topology, gateway: str | None, count: int, *, held: int, layers: int
) -> dict[str, Any]:
    """A flow through ``count`` hosts of ``held`` layers each, in columns that split evenly."""
    columns = layers // held
    by_column: list[list[str]] = [[] for _ in range(columns)]
    for number, name in enumerate(topology.host_names[:count]):
        by_column[number % columns].append(name)
    total = 1000.0
    flows: list[dict[str, Any]] = []
    before: list[str] = ["entry"]
    for names in [*by_column, ["exit"]]:
        share = total / len(before) / len(names)
        flows += [{"from": a, "to": b, "tok_per_s": share} for a in before for b in names]
        before = names
    stages = []
    for column, names in enumerate(by_column):
        for name in names:
            stages += [
                {
                    "host": name,
                    "machine": topology.host(name).accelerator,
                    "accelerator": None,
                    "devices": topology.host(name).devices,
                    "tensor_parallel": None,
                    "microbatch": None,
                    "layers": held,
                    "first_layer": column * held,
                    "tok_per_s": total / len(names),
                    "capacity_tok_per_s": 1.2 * total / len(names) + 10 * column,
                }
            ]
    table = PathTable(topology)
    loads: dict[tuple[str, str], float] = {}
    uses: dict[tuple[str, str], list[list[str]]] = {}
    for entry in flows:
        ends = [entry["from"], entry["to"]]
        ends = [gateway if end in ("entry", "exit") else end for end in ends]
        path = None if None in ends else table.between(ends[0], ends[1])
        for edge in pairwise(path.nodes if path else ()):
            loads[edge] = loads.get(edge, 0.0) + entry["tok_per_s"]
            uses.setdefault(edge, []).append([entry["from"], entry["to"]])
    links = []
    for (a, b), load in loads.items():
        link = topology.link(a, b)
        links.append(
            {
                "name": link.name, "a": link.a, "b": link.b, "from": a, "to": b,
                "bytes_per_s": link.bytes_per_s, "uses": uses[a, b],
                "busy_fraction": load / 1200.0,
            }
        )  # fmt: skip
    inner = [link for link in links if gateway not in (link["a"], link["b"])]
    idle = [name for name in topology.host_names if name not in {s["host"] for s in stages}]
    return {
        "stages": stages,
        "flows": flows,
        "links": links,
        "busiest_link": max(inner, key=lambda link: link["busy_fraction"])["name"],
        "idle_hosts": idle,
        "tok_per_s": total,
        "hosts": len(stages),
    }


def flow_on_mesh(count: int = 24, layers: int = 80, held: int = 10) -> dict[str, Any]:
    net = mesh(count)
    design = flow(net, "coordinator", count - 2, held=held, layers=layers)
    point = ({"throughput": 1000.0}, design)
    return document(net, [point], objectives=(THROUGHPUT,), layers=layers)


def flow_on_racks() -> dict[str, Any]:
    net = racks()
    design = flow(net, None, 12, held=20, layers=80)
    return document(net, [({"throughput": 1000.0}, design)], objectives=(THROUGHPUT,))


def long_frontier(count: int = 12) -> dict[str, Any]:
    """Speed against cost over the two racks, with points enough to fill a curve."""
    net, base = racks(), on_racks()
    designs = [point["design"] for point in base["points"]]
    points = []
    for number in range(count):
        design = dict(designs[min(2, 3 * number // count)])
        design["in_flight"] = 1 + number // 3
        design["microbatch"] = 2 ** (number % 4)
        points.append(priced(95 * 0.82**number, 8.0 * 0.75**number + 0.4, design))
    return document(net, points)


EVERY = [
    on_racks, on_pod, on_nvl72, over_regions, on_mesh, on_ring, on_one_host, on_tree, several,
    flow_on_mesh, flow_on_racks,
]  # fmt: skip
