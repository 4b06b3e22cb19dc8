"""Placement questions: the published clusters of the reference data, and small random ones."""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from solver.catalog.domain import Accelerator, Model
from solver.instance.placement.domain import (
    MeasuredMachine,
    PlacementDesign,
    PlacementInstance,
    PlacementLimits,
    PlacementMachine,
    PlacementRules,
    PlacementTradeOff,
    ServedShape,
)
from solver.topology import GATEWAY, Host, Link, Switch, Topology
from tests.oracles.small_topologies import KINDS, small_topologies

DATA = Path(__file__).resolve().parents[2] / "../shared/data/placement/helix"
MODEL_OF = {"quality10_l30b": "llama1_30b"}
IN, OUT = "source", "sink"


def _rows(file: str, **match: str) -> list[dict[str, str]]:
    with (DATA / file).open(newline="", encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines))
    return [row for row in rows if all(row[key] == value for key, value in match.items())]


def published_question(
    case: str, trade_off: tuple[PlacementTradeOff, ...], *, batch: int = 30
) -> PlacementInstance:
    """A published cluster as a question over measured machines between two gateways."""
    facts = json.loads((DATA / "instances.json").read_text(encoding="utf-8"))[case]
    nodes = _rows("nodes.csv", instance=case)
    most = {row["gpu_type"]: int(row["max_layers"]) for row in nodes}
    rates = {
        (row["gpu_type"], int(row["layers_held"])): Fraction(row["tokens_per_s"])
        for row in _rows("node_throughput.csv", instance=case)
    }
    times = {
        row["machine"]: Fraction(row["ms_per_layer"]) / 1000
        for row in _rows(
            "layer_time_ms.csv",
            model=MODEL_OF.get(case, "llama2_70b"),
            phase="decode",
            batch_tokens=str(batch),
        )
    }
    machines = tuple(
        PlacementMachine(
            kind,
            None,
            MeasuredMachine(
                tuple(rates[kind, held] for held in range(1, most[kind] + 1)),
                ((batch, times[kind.lower()]),),
            ),
        )
        for kind in sorted(most)
    )
    links = [
        Link(
            f"{row['a']}--{row['b']}",
            row["a"],
            row["b"],
            int(Fraction(row["bandwidth_MB_per_s"]) * 10**6),
            int(Fraction(row["latency_ms"]) * 10**9),
        )
        for row in _rows("links.csv", instance=case)
    ]
    return PlacementInstance(
        name=case,
        title=case,
        trade_off=trade_off,
        model=None,
        shape=ServedShape(facts["layers"], facts["activation_bytes"], facts["token_bytes"]),
        context_tokens=1,
        machines=machines,
        topology=Topology(
            case,
            tuple(Host(row["node"], row["gpu_type"], 1, 1) for row in nodes),
            (Switch(IN, GATEWAY), Switch(OUT, GATEWAY)),
            tuple(links),
        ),
        design=PlacementDesign(microbatch=(batch,)),
        entry=IN,
        exit=OUT,
        rules=PlacementRules(hand_over="latency"),
    )


TINY = Model(
    name="tiny",
    family="tiny",
    layers=5,
    d_model=64,
    n_heads=8,
    n_kv_heads=2,
    head_dim=8,
    d_ff=128,
    ff_up_matrices=2,
    ff_down_matrices=1,
    vocab=100,
)
"""A model whose steps take microseconds, so that slow links matter beside it."""


def accelerator(name: str, **changes: Any) -> Accelerator:
    """A made-up accelerator with round figures."""
    facts: dict[str, Any] = {
        "vendor": "none",
        "year": 2025,
        "flop_per_s": {16: 1e12, 8: 2e12},
        "hbm_bytes": 10**9,
        "hbm_bytes_per_s": 1e10,
        "scale_up_bytes_per_s": 1e10,
        "scale_out_bytes_per_s": 1e9,
        "node_devices": 4,
        "kernel_launch_s": 1e-7,
    }
    return Accelerator(name=name, **{**facts, **changes})


FAST = PlacementMachine("fast", accelerator("F"))
SLOW = PlacementMachine("slow", accelerator("S", hbm_bytes_per_s=3e9, flop_per_s={16: 2e11}))
_TABLE = ((1, Fraction(3, 10**5)), (2, Fraction(5, 10**5)))
FAST_MEASURED = PlacementMachine(
    "fast",
    None,
    MeasuredMachine(tuple(Fraction(n) for n in (9000, 5000, 5500, 3000, 2000)), _TABLE),
)
SLOW_MEASURED = PlacementMachine(
    "slow", None, MeasuredMachine((Fraction(8000), Fraction(10000, 3), Fraction(1500)), _TABLE)
)


def _host(draw: st.DrawFn, name: str, fast: bool, prices: Sequence[Fraction]) -> Host:
    if fast:
        hbm = draw(st.sampled_from((10**5, 2 * 10**5, 10**6)))
        inner = draw(st.sampled_from((None, 10**9)))
        return Host(name, "fast", 4, hbm, inner, None, prices[0])
    return Host(name, "slow", 1, 4 * 10**5, None, None, prices[1])


@st.composite
def _two_racks(draw: st.DrawFn, max_hosts: int) -> Topology:
    """Racks that one slower link joins, so that hand-overs to and fro share it."""
    hosts = [
        draw(st.sampled_from(KINDS)).named(f"h{number}")
        for number in range(draw(st.integers(min(3, max_hosts), max_hosts)))
    ]
    links = [
        Link(f"{host.name}-s{number % 2}", host.name, f"s{number % 2}", 20, 1)
        for number, host in enumerate(hosts)
    ]
    switches = (Switch("s0", "leaf"), Switch("s1", "leaf"))
    trunk = Link("s0-s1", "s0", "s1", draw(st.integers(1, 4)), 1)
    return Topology("racks", tuple(hosts), switches, (*links, trunk))


@st.composite
def small_networks(draw: st.DrawFn, max_hosts: int = 4) -> tuple[Topology, str | None, str | None]:
    """Connected networks of fast and slow hosts with slow links, and the gateways if there are."""
    plain = draw(st.one_of(small_topologies(max_hosts=max_hosts), _two_racks(max_hosts)))
    # Bandwidths at which handing over takes far more, about as long, or far less than a layer.
    speed = draw(st.sampled_from((10**6, 10**7, 10**9)))
    prices = draw(st.sampled_from(((Fraction(3), Fraction(1)), (Fraction(7, 3), Fraction(4, 5)))))
    links = [
        Link(link.name, link.a, link.b, link.bytes_per_s * speed, link.latency_ps * 10**6)
        for link in plain.links
    ]
    switches = list(plain.switches)
    names = [*plain.host_names, *(switch.name for switch in switches)]
    gates = draw(st.sampled_from(((), ("in",), ("in", "out"))))
    for gate in gates:
        switches.append(Switch(gate, GATEWAY))
        ends = sorted(draw(st.sets(st.sampled_from(names), min_size=1, max_size=3)))
        links += [Link(f"{gate}-{at}", gate, at, speed // 10**3, 10**6) for at in ends]
    hosts = tuple(
        _host(draw, host.name, host.accelerator == "H100 SXM", prices) for host in plain.hosts
    )
    network = Topology("random", hosts, tuple(switches), tuple(links))
    return network, gates[0] if gates else None, gates[-1] if gates else None


@st.composite
def small_questions(
    draw: st.DrawFn,
    *,
    trade_off: tuple[PlacementTradeOff, ...] = ("speed", "cost"),
    measured: bool = False,
    max_hosts: int = 4,
) -> PlacementInstance:
    """Questions with few hosts and layers, over networks where links may well be what paces."""
    network, entry, exit_ = draw(small_networks(max_hosts))
    flow = trade_off == ("throughput",)
    one_in_flight = flow or (measured and "throughput" in trade_off)
    limits = PlacementLimits()
    if not flow:
        limits = PlacementLimits(max_hosts=draw(st.sampled_from((None, None, 2))))
    return PlacementInstance(
        name="small",
        title="small",
        trade_off=trade_off,
        model=None if measured else TINY,
        shape=ServedShape(5, 128, 4) if measured else None,
        context_tokens=16,
        machines=(FAST_MEASURED, SLOW_MEASURED) if measured else (FAST, SLOW),
        topology=network,
        design=PlacementDesign(
            tensor_parallel=(1, 2, 4, 8),
            microbatch=(2,) if measured and "throughput" in trade_off else (1, 2),
            in_flight=(1,) if one_in_flight else draw(st.sampled_from(((1,), (1, 3), (2, 8)))),
        ),
        through_hosts=draw(st.booleans()),
        entry=entry,
        exit=exit_,
        limits=limits,
        rules=PlacementRules(hand_over=draw(st.sampled_from(("transfer", "transfer", "latency")))),
    )


def two_hosts(**changes: Any) -> PlacementInstance:
    """Two fast hosts that differ in price behind one switch; every choice is on offer."""
    facts: dict[str, Any] = {
        "name": "two",
        "title": "two",
        "trade_off": ("speed", "cost"),
        "model": TINY,
        "shape": None,
        "context_tokens": 16,
        "machines": (FAST, SLOW),
        "topology": Topology(
            "two",
            (
                Host("a", "fast", 4, 10**6, None, None, Fraction(7, 3)),
                Host("b", "fast", 4, 10**6, None, None, Fraction(4, 5)),
            ),
            (Switch("leaf", "leaf"),),
            (Link("up", "a", "leaf", 10**7, 10**6), Link("down", "b", "leaf", 10**7, 10**6)),
        ),
        "design": PlacementDesign((1, 2, 4), (1, 2), (1, 3)),
    }
    return PlacementInstance(**{**facts, **changes})


def two_racks(trunk_bytes_per_s: int, **changes: Any) -> PlacementInstance:
    """Two fast hosts in one rack, two dear ones in another, many microbatches in flight."""
    hosts = tuple(
        Host(name, "fast", 4, 10**6, None, None, price)
        for name, price in zip(
            "abcd", [Fraction(1), Fraction(1), Fraction(2), Fraction(2)], strict=True
        )
    )
    links = tuple(
        Link(f"{host.name}-{rack}", host.name, rack, 10**9, 10**5)
        for host, rack in zip(hosts, ("left", "left", "right", "right"), strict=True)
    )
    network = Topology(
        "racks",
        hosts,
        (Switch("left", "leaf"), Switch("right", "leaf")),
        (*links, Link("trunk", "left", "right", trunk_bytes_per_s, 10**5)),
    )
    return two_hosts(
        **{"topology": network, "design": PlacementDesign((1,), (2,), (8,)), **changes}
    )
