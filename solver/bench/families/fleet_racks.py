"""Whole nodes of several sizes packed into racks by power and slots.

A rack holds so many kilowatts and so many nodes; a node of eight devices draws eight times the
power of one with its share of the host (catalog), 3.2 to 13.7 kW here. Ratings of 17, 22, 35 and
44 kW are feeds of three phases at 24 to 63 A, and hardly one is a multiple of the nodes: what is
left over in each rack makes the packing hard. Rows are cabled for two or three kinds of machine;
how they are mixed is made up. Demands see ``fleet_demand``, prices ``price_lists``.
"""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import Field

from solver.bench.families.draws import Draws
from solver.bench.families.family import Family, Generated, Parameters
from solver.bench.families.fleet_demand import drawn_demands, limits_of, worth_in_h100
from solver.bench.families.layout_lists import EFFICIENCIES
from solver.bench.families.price_lists import drawn_price_usd_per_hour
from solver.bench.families.toml_text import toml_text

__all__ = ["FAMILY", "FleetRacksParameters"]


@dataclass(frozen=True, slots=True)
class _Node:
    """A node: watts of one device with its share of the host."""

    name: str
    accelerator: str
    devices: int
    watts_per_device: int

    @property
    def kw(self) -> float:
        return self.devices * self.watts_per_device / 1000


NODES: tuple[_Node, ...] = (
    _Node("h100x8", "H100 SXM", 8, 1370),
    _Node("h200x8", "H200 SXM", 8, 1370),
    _Node("b200x8", "B200 SXM", 8, 1710),
    _Node("mi300x8", "MI300X", 8, 1390),
    _Node("h100x4", "H100 SXM", 4, 1370),
    _Node("rtxpro8", "RTX PRO 6000", 8, 975),
    _Node("a100x4", "A100-80GB SXM", 4, 800),
    _Node("l40sx8", "L40S", 8, 500),
)
"""Watts as in the catalog (all-in); of A100 and L40S twice and 1.4 times the board's, ours."""

FEEDS_KW = (17, 22, 35, 44)


class FleetRacksParameters(Parameters):
    """Places are racks times the kinds that each admits; rows alike are one orbit."""

    racks: int = Field(default=6, ge=2, le=200, description="Racks in all.")
    rows: int = Field(default=2, ge=1, le=60, description="Rows; the racks of a row are alike.")
    nodes: int = Field(default=3, ge=2, le=8, description="Kinds of node.")
    workloads: int = Field(default=2, ge=1, le=12, description="Streams of requests.")
    fill: float = Field(
        default=0.5, ge=0.05, le=1, description="Work over what all racks could do, about."
    )
    batches: int = Field(default=2, ge=2, le=5, description="Batches on offer: 4, 16, 64, ...")


def _make(parameters: FleetRacksParameters, seed: int) -> Generated:
    draws = Draws("fleet-racks", seed)
    nodes = draws.some_of(NODES, parameters.nodes)
    rows = min(parameters.rows, parameters.racks)
    counts = draws.parts(parameters.racks, rows)
    racks: list[dict[str, object]] = []
    work = 0.0
    sample = drawn_demands(draws, parameters.workloads, devices=1)
    for number, count in enumerate(counts):
        admitted = draws.some_of(nodes, min(len(nodes), draws.integer(2, 3)))
        largest = max(node.kw for node in admitted)
        feed = draws.one_of([kw for kw in FEEDS_KW if kw >= largest])
        slots = draws.integer(3, 8)
        racks.append(
            {
                "name": f"row {number + 1:02d}",
                "count": count,
                "slots": slots,
                "kw": feed,
                "machines": [node.name for node in admitted],
            }
        )
        work += count * max(
            min(slots, int(feed / node.kw)) * node.devices * worth_in_h100(node.accelerator, sample)
            for node in admitted
        )
    # The same sizes and models, as much of each as fills the racks to what was asked.
    scale = parameters.fill * work
    used = {name for rack in racks for name in rack["machines"]}  # type: ignore[attr-defined]
    machines = []
    for node in nodes:
        price = drawn_price_usd_per_hour(draws, node.accelerator)
        if node.name in used:
            machines.append(
                {
                    "name": node.name,
                    "accelerator": node.accelerator,
                    "node_devices": node.devices,
                    "watts_per_device": node.watts_per_device,
                    "usd_per_hour": f"{price:.2f}",
                    "source": "drawn around the catalog's price on demand",
                }
            )
    name = (
        f"fleet-racks-{parameters.racks}-{rows}-{parameters.nodes}x{parameters.workloads}"
        f"-b{parameters.batches}-f{round(100 * parameters.fill)}-s{seed}"
    )
    document: dict[str, object] = {
        "schema": 1,
        "kind": "fleet",
        "name": name,
        "title": f"{parameters.workloads} workloads on nodes in {parameters.racks} racks",
        "trade_off": ["speed", "cost"],
        "workloads": [limits_of(draws, demand.scaled(scale)) for demand in sample],
        "machines": machines,
        "racks": racks,
        "design": {
            "tensor_parallel": [1, 2, 4, 8],
            "batch": [4 * 4**step for step in range(parameters.batches)],
            "weight_bits": [8],
            "kv_bits": [8],
        },
        "performance": {"model": "epoch2025", **EFFICIENCIES},
        "rules": {"hbm_reserve_fraction": 0.1},
    }
    comment = (
        "Generated: family fleet-racks. Power of nodes: the catalog's, with the host. Prices: the\n"
        "catalog's on demand, times a log-normal spread of 0.25. Rows and demands are made up."
    )
    return Generated(name, ".toml", toml_text(comment, document))


FAMILY = Family(
    name="fleet-racks",
    group="racks",
    summary="whole nodes of several sizes in racks with power and slots",
    parameters=FleetRacksParameters,
    make=_make,
)
