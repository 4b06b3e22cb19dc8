"""Hosts of several kinds in racks, one model, one setting: pipelines for speed against cost.

Kinds of host see ``node_mixes``, prices ``price_lists``, cables ``network_draws``. Racks hang on
one trunk, so that what passes from one to another shares it. There is one microbatch and one number
in flight: one program a level, which formulations can be compared on.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from solver.bench.families.draws import Draws
from solver.bench.families.family import Family, Generated, Parameters
from solver.bench.families.layout_lists import EFFICIENCIES, ModelClass
from solver.bench.families.network_draws import LINK_CLASSES, link_class
from solver.bench.families.node_mixes import BOXES, PIPELINE_MODELS, Offer, drawn_orbits
from solver.bench.families.price_lists import drawn_price_usd_per_hour
from solver.bench.families.toml_text import toml_text

__all__ = ["FAMILY", "MixedHostsParameters", "host_tables"]

LinkName = Literal["any", "infiniband-ndr", "roce-200", "roce-100", "ethernet-25"]


class MixedHostsParameters(Parameters):
    """Size grows with hosts, layers of the model, and the share of hosts without a twin."""

    hosts: int = Field(default=6, ge=2, le=48, description="Hosts in all.")
    kinds: int = Field(default=3, ge=1, le=6, description="Kinds of host among them.")
    racks: int = Field(default=2, ge=1, le=6, description="Racks that they stand in.")
    twins: float = Field(
        default=0.5, ge=0, le=1, description="0: no two hosts are alike; 1: all of a kind are."
    )
    model: ModelClass = Field(
        default="medium", description="Class of models: 32-40, 64-80 or 88-126 layers."
    )
    links: LinkName = Field(default="any", description="Class of cable; any: drawn.")
    microbatch: int = Field(default=4, ge=1, le=256, description="Sequences in a microbatch.")
    in_flight: int = Field(default=8, ge=1, le=64, description="Microbatches in flight.")
    performance: Literal["epoch2025", "calibrated"] = Field(
        default="epoch2025", description="Performance model."
    )

    @model_validator(mode="after")
    def _hosts_of_each_kind(self) -> MixedHostsParameters:
        if self.hosts < self.kinds:
            raise ValueError(f"{self.hosts} hosts cannot be of {self.kinds} kinds")
        return self


def host_tables(
    draws: Draws, offers: list[Offer]
) -> tuple[list[dict[str, object]], list[dict[str, object]], list[list[str]]]:
    """``[[machines]]``, ``[[hosts]]``, and the names of the hosts of each rack."""
    machines: list[dict[str, object]] = []
    hosts: list[dict[str, object]] = []
    in_rack: list[list[str]] = [[] for _ in range(1 + max(offer.rack for offer in offers))]
    for offer in offers:
        price = drawn_price_usd_per_hour(draws, offer.box.accelerator)
        machines.append(
            {
                "name": offer.machine,
                "accelerator": offer.box.accelerator,
                "devices": offer.box.devices,
                "usd_per_hour": f"{price:.2f}",
                "source": "drawn around the catalog's price on demand",
            }
        )
        stem = f"r{offer.rack + 1}-{offer.machine}"
        names = stem if offer.count == 1 else f"{stem}-[0-{offer.count - 1}]"
        hosts.append({"names": names, "machine": offer.machine})
        in_rack[offer.rack].append(names)
    return machines, hosts, in_rack


def _make(parameters: MixedHostsParameters, seed: int) -> Generated:
    draws = Draws("placement-mixed-hosts", seed)
    model = draws.one_of(PIPELINE_MODELS[parameters.model])
    offers = drawn_orbits(
        draws,
        BOXES[parameters.model],
        hosts=parameters.hosts,
        kinds=parameters.kinds,
        racks=parameters.racks,
        twins=parameters.twins,
    )
    machines, hosts, in_rack = host_tables(draws, offers)
    drawn = draws.one_of(LINK_CLASSES)
    cable = drawn if parameters.links == "any" else link_class(parameters.links)
    used = [(f"leaf-{number + 1}", names) for number, names in enumerate(in_rack) if names]
    links: list[dict[str, object]] = [
        {"a": ",".join(names), "b": leaf, **cable.wire} for leaf, names in used
    ]
    leaves = [leaf for leaf, _ in used]
    if len(leaves) > 1:
        links.append({"a": ",".join(leaves), "b": "spine", **cable.trunk})
    switches: list[dict[str, object]] = [{"names": ",".join(leaves), "kind": "leaf"}]
    if len(leaves) > 1:
        switches.append({"names": "spine", "kind": "spine"})
    name = (
        f"placement-mixed-hosts-{parameters.hosts}x{parameters.kinds}-{parameters.racks}"
        f"-{parameters.model}-t{round(100 * parameters.twins)}-{parameters.links}"
        f"-{parameters.microbatch}x{parameters.in_flight}-{parameters.performance}-s{seed}"
    )
    context = 1024 * draws.integer(2, 8)
    performance: dict[str, object] = {"model": parameters.performance}
    if parameters.performance == "epoch2025":
        performance |= EFFICIENCIES
    document: dict[str, object] = {
        "schema": 1,
        "kind": "placement",
        "name": name,
        "title": f"{model} over {parameters.hosts} hosts of {parameters.kinds} kinds",
        "trade_off": ["speed", "cost"],
        "workload": {"model": model, "context_tokens": context},
        "machines": machines,
        "hosts": hosts,
        "switches": switches,
        "links": links,
        "design": {
            "tensor_parallel": [1, 2, 4, 8],
            "microbatch": parameters.microbatch,
            "in_flight": parameters.in_flight,
        },
        "performance": performance,
    }
    comment = (
        "Generated: family placement-mixed-hosts. Prices: the catalog's on demand, times a\n"
        f"log-normal spread of 0.25. Cables: {cable.name}; latencies of a hop are round figures."
    )
    return Generated(name, ".toml", toml_text(comment, document))


FAMILY = Family(
    name="placement-mixed-hosts",
    group="placement",
    summary="pipelines over hosts of several kinds in racks, one setting, speed against cost",
    parameters=MixedHostsParameters,
    make=_make,
)
