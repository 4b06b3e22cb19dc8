"""A few hosts at each of several sites with slow links between them: is a pipeline worth it?

Sites are joined in a ring of leased lines: 1 to 25 Gbit/s, 300 to 9000 km of fibre at 5
microseconds a kilometre, both drawn evenly in the logarithm; those ranges are ours. Inside a site
hosts share one leaf over 25 Gbit/s Ethernet. Kinds of host see ``node_mixes``; each site
has its own prices.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from solver.bench.families.draws import Draws
from solver.bench.families.family import Family, Generated, Parameters
from solver.bench.families.layout_lists import EFFICIENCIES, ModelClass
from solver.bench.families.network_draws import link_class
from solver.bench.families.node_mixes import BOXES, PIPELINE_MODELS
from solver.bench.families.price_lists import drawn_price_usd_per_hour
from solver.bench.families.toml_text import toml_text

__all__ = ["FAMILY", "WanParameters"]

_SITES = ("frankfurt", "virginia", "oregon", "tokyo", "sydney", "mumbai")


class WanParameters(Parameters):
    """Size grows with sites and hosts a site; hosts of one kind at one site are twins."""

    sites: int = Field(default=3, ge=2, le=6, description="Sites, joined in a ring.")
    hosts: int = Field(default=2, ge=1, le=12, description="Hosts at each site.")
    kinds: int = Field(default=2, ge=1, le=4, description="Kinds of host at each site, at most.")
    model: ModelClass = Field(
        default="small", description="Class of models: 32-40, 64-80 or 88-126 layers."
    )
    microbatch: int = Field(default=4, ge=1, le=256, description="Sequences in a microbatch.")
    in_flight: int = Field(default=8, ge=1, le=64, description="Microbatches in flight.")
    performance: Literal["epoch2025", "calibrated"] = Field(
        default="epoch2025", description="Performance model."
    )


def _make(parameters: WanParameters, seed: int) -> Generated:
    draws = Draws("placement-wan", seed)
    model = draws.one_of(PIPELINE_MODELS[parameters.model])
    boxes = BOXES[parameters.model]
    sites = _SITES[: parameters.sites]
    machines: list[dict[str, object]] = []
    regions: list[dict[str, object]] = []
    for site in sites:
        kinds = draws.some_of(boxes, min(parameters.kinds, parameters.hosts))
        counts = draws.parts(parameters.hosts, len(kinds))
        row: dict[str, int] = {}
        for box, count in zip(kinds, counts, strict=True):
            name = f"{box.stem}-{site[:3]}"
            price = drawn_price_usd_per_hour(draws, box.accelerator)
            machines.append(
                {
                    "name": name,
                    "accelerator": box.accelerator,
                    "devices": box.devices,
                    "usd_per_hour": f"{price:.2f}",
                    "source": "drawn around the catalog's price on demand",
                }
            )
            row[name] = count
        wire = link_class("ethernet-25").wire
        regions.append({"name": site, "rows": ({"name": "row", "machines": row, "wire": wire},)})
    pairs = list(zip(sites, sites[1:] + sites[:1], strict=True))
    wan = [
        {
            "a": a,
            "b": b,
            "gbit_per_s": max(1, round(draws.between(1, 25))),
            "km": 100 * round(draws.between(3, 90)),
        }
        for a, b in (pairs if len(sites) > 2 else pairs[:1])
    ]
    name = (
        f"placement-wan-{parameters.sites}x{parameters.hosts}-{parameters.kinds}"
        f"-{parameters.model}-{parameters.microbatch}x{parameters.in_flight}"
        f"-{parameters.performance}-s{seed}"
    )
    performance: dict[str, object] = {"model": parameters.performance}
    if parameters.performance == "epoch2025":
        performance |= EFFICIENCIES
    document: dict[str, object] = {
        "schema": 1,
        "kind": "placement",
        "name": name,
        "title": f"{model} over {parameters.sites} sites of {parameters.hosts} hosts",
        "trade_off": ["speed", "cost"],
        "workload": {"model": model, "context_tokens": 1024 * draws.integer(2, 8)},
        "machines": machines,
        "topology": {
            "builder": "regions_over_wan",
            "gateway": {"gbit_per_s": 100, "latency_us": 20},
            "regions": regions,
            "wan": wan,
        },
        "design": {
            "tensor_parallel": [1, 2, 4, 8],
            "microbatch": parameters.microbatch,
            "in_flight": parameters.in_flight,
        },
        "performance": performance,
    }
    comment = (
        "Generated: family placement-wan. Prices: the catalog's on demand, times a log-normal\n"
        "spread of 0.25, by site. Lengths and bandwidths of lines are drawn from ranges of ours."
    )
    return Generated(name, ".toml", toml_text(comment, document))


FAMILY = Family(
    name="placement-wan",
    group="placement",
    summary="pipelines over sites with slow lines between them, speed against cost",
    parameters=WanParameters,
    make=_make,
)
