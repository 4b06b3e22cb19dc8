"""Several workloads on several kinds of machine, where stocks, power and budget bind together.

Machines are taken in a drawn order; the stock of each does a share of the whole work alone, so that
no one kind is enough. Prices see ``price_lists``, demands ``fleet_demand``. There are no racks.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from solver.bench.families.draws import Draws
from solver.bench.families.family import Family, Generated, Parameters
from solver.bench.families.fleet_demand import drawn_demands, limits_of, worth_in_h100
from solver.bench.families.layout_lists import EFFICIENCIES
from solver.bench.families.price_lists import drawn_contracts, drawn_price_usd_per_hour
from solver.bench.families.toml_text import toml_text

__all__ = ["FAMILY", "FleetMixParameters"]

MACHINES: tuple[str, ...] = (
    "A100-80GB SXM",
    "H100 SXM",
    "H200 SXM",
    "B200 SXM",
    "MI300X",
    "L40S",
    "RTX PRO 6000",
)


class FleetMixParameters(Parameters):
    """Options are about workloads times machines times layouts times batches."""

    workloads: int = Field(default=3, ge=1, le=24, description="Streams of requests.")
    machines: int = Field(default=3, ge=1, le=7, description="Kinds of machine.")
    devices: float = Field(
        default=40, ge=2, le=100_000, description="Work in all, in busy H100, about."
    )
    batches: int = Field(
        default=3, ge=2, le=5, description="Batches on offer: 4, 16, 64, 256, 1024."
    )
    stock: float = Field(
        default=0.8, ge=0.3, le=10, description="Work that one stock does alone, over all work."
    )
    power: float = Field(
        default=1.6, ge=0, le=10, description="Power limit over that of the work on H100; 0: none."
    )
    contracts: Literal["on-demand", "reserved-and-spot"] = Field(
        default="on-demand", description="Ways to get a machine."
    )


def _make(parameters: FleetMixParameters, seed: int) -> Generated:
    draws = Draws("fleet-mix", seed)
    demands = drawn_demands(draws, parameters.workloads, devices=parameters.devices)
    machines: list[dict[str, object]] = []
    for accelerator in draws.some_of(MACHINES, parameters.machines):
        share = parameters.stock * draws.between(0.7, 1.4)
        devices = share * parameters.devices / worth_in_h100(accelerator, demands)
        price = drawn_price_usd_per_hour(draws, accelerator)
        entry: dict[str, object] = {
            "name": accelerator.lower().removesuffix(" sxm").replace(" ", "-"),
            "accelerator": accelerator,
            "stock_devices": 8 * max(1, round(devices / 8)),
        }
        if parameters.contracts == "on-demand":
            entry["usd_per_hour"] = f"{price:.2f}"
            entry["source"] = "drawn around the catalog's price on demand"
        else:
            # The stock is of all contracts together: each gets a part of it.
            stock = int(str(entry.pop("stock_devices")))
            entry["contracts"] = [
                {**contract, "stock_devices": max(8, 8 * round(stock * part / 8))}
                for contract, part in zip(
                    drawn_contracts(draws, price, ("on_demand", "reserved", "spot")),
                    (1.0, 0.4, 0.3),
                    strict=True,
                )
            ]
        machines.append(entry)
    limits: dict[str, object] = {}
    if parameters.power:
        limits["max_kw"] = max(1, round(parameters.power * 1.37 * parameters.devices))
    if parameters.contracts != "on-demand":
        limits["max_spot_fraction"] = 0.4
    name = (
        f"fleet-mix-{parameters.workloads}x{parameters.machines}-{parameters.devices:g}"
        f"-b{parameters.batches}-{parameters.stock:g}-{parameters.power:g}"
        f"-{parameters.contracts}-s{seed}"
    )
    document: dict[str, object] = {
        "schema": 1,
        "kind": "fleet",
        "name": name,
        "title": f"{parameters.workloads} workloads on {parameters.machines} kinds of machine",
        "trade_off": ["speed", "cost"],
        "workloads": [limits_of(draws, demand) for demand in demands],
        "machines": machines,
        "limits": limits,
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
        "Generated: family fleet-mix. Sizes: means of public traces, varied. Prices: the\n"
        "catalog's on demand, times a log-normal spread of 0.25. Stocks: a share of the work each."
    )
    return Generated(name, ".toml", toml_text(comment, document))


FAMILY = Family(
    name="fleet-mix",
    group="fleet",
    summary="workloads on machines with stocks, power and spot limits that bind; no racks",
    parameters=FleetMixParameters,
    make=_make,
)
