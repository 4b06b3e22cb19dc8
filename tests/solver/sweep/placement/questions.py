"""Small placement questions for the tests of the sweep, built in Python."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from solver.catalog import shipped_catalog
from solver.instance.placement.domain import (
    LevelRounding,
    MeasuredMachine,
    PlacementDesign,
    PlacementInstance,
    PlacementLimits,
    PlacementMachine,
    PlacementRules,
    ServedShape,
)
from solver.topology import Host, Link, Switch, Topology

LAYERS = 4
GB = 10**9
_CATALOG = shipped_catalog()
SMALL_MODEL = replace(_CATALOG.model("Llama-3.1-8B"), layers=LAYERS)


def star(hosts: list[tuple[str, str, int, int, str]], *, rate: int = 10**10) -> Topology:
    """Hosts (name, machine, devices, HBM bytes, US$ an hour) around a leaf, with a gateway."""
    return Topology(
        name="star",
        hosts=tuple(
            Host(
                name,
                machine,
                devices,
                hbm,
                device_bytes_per_s=10**11,
                device_latency_ps=10**6,
                usd_per_hour=Fraction(price),
            )
            for name, machine, devices, hbm, price in hosts
        ),
        switches=(Switch("leaf", "leaf"), Switch("gw", "gateway")),
        links=(
            *(Link(f"up-{name}", name, "leaf", rate, 5 * 10**6) for name, *_ in hosts),
            Link("gw-leaf", "gw", "leaf", rate, 10**7),
        ),
    )


def priced(
    *,
    limits: PlacementLimits | None = None,
    design: PlacementDesign | None = None,
    topology: Topology | None = None,
    rounding: LevelRounding | None = None,
    throughput: bool = False,
    name: str = "small",
) -> PlacementInstance:
    """Two dear and two cheap hosts that hold a few layers each; speed against cost."""
    network = topology or star(
        [
            ("big-1", "h100", 2, 4 * GB, "7/2"),
            ("big-2", "h100", 2, 4 * GB, "7/2"),
            ("low-1", "l4", 1, 3 * GB, "3/10"),
            ("low-2", "l4", 1, 3 * GB, "3/10"),
        ]
    )
    return PlacementInstance(
        name=name,
        title=name,
        trade_off=("speed", "throughput") if throughput else ("speed", "cost"),
        model=SMALL_MODEL,
        shape=None,
        context_tokens=1024,
        machines=(
            PlacementMachine("h100", _CATALOG.accelerator("H100 SXM")),
            PlacementMachine("l4", _CATALOG.accelerator("L4")),
        ),
        topology=network,
        design=design
        or PlacementDesign(
            tensor_parallel=(1, 2), microbatch=(1, 8), in_flight=(1, 2), weight_bits=16, kv_bits=16
        ),
        entry="gw",
        exit="gw",
        limits=limits or PlacementLimits(),
        rounding=rounding,
    )


def measured(
    *,
    trade_off: tuple[str, ...] = ("speed", "throughput"),
    topology: Topology | None = None,
    replicas: str = "one",
    layers: int = LAYERS,
    rounding: LevelRounding | None = None,
    limits: PlacementLimits | None = None,
) -> PlacementInstance:
    """Machines with measured rates and times; latency against rate, or the greatest flow."""
    network = topology or star(
        [
            ("a-1", "fast", 1, 4 * GB, "2"),
            ("b-1", "slow", 1, 4 * GB, "1"),
            ("b-2", "slow", 1, 4 * GB, "1"),
            ("b-3", "slow", 1, 4 * GB, "1"),
        ]
    )
    rates = {"fast": (90, 45, 30, 20), "slow": (40, 21, 13)}
    times = {"fast": Fraction(2, 1000), "slow": Fraction(5, 1000)}
    return PlacementInstance(
        name="measured",
        title="measured",
        trade_off=trade_off,  # type: ignore[arg-type]
        model=None,
        shape=ServedShape(layers=layers, activation_bytes=16384, token_bytes=2),
        context_tokens=1024,
        machines=tuple(
            PlacementMachine(
                kind,
                None,
                MeasuredMachine(
                    tuple(Fraction(rate) for rate in rates[kind]),
                    ((4, times[kind]),) if "speed" in trade_off else (),
                ),
            )
            for kind in rates
        ),
        topology=network,
        design=PlacementDesign(
            tensor_parallel=(1,),
            microbatch=(4,),
            in_flight=(1,),
            replicas=replicas,  # type: ignore[arg-type]
        ),
        entry="gw",
        exit="gw",
        limits=limits or PlacementLimits(),
        rules=PlacementRules(hand_over="latency"),
        rounding=rounding,
    )
