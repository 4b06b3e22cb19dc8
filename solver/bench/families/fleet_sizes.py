"""Requests of many sizes on machines that suit some sizes better than others.

A service's lengths are log-normal as in a public trace (see ``request_sizes``); prompts and answers
are cut into classes with edges a power of two apart, as Melange (arXiv 2404.14527) cuts them, whose
machines are taken, too: L4, A10G, A100 and H100, one or two devices each. Small machines are cheap
for short requests and useless for long ones.

Apart, every class has replicas of its own: a cover of classes by machines under stocks and a
budget, without shares of routing. Together, one pool serves all classes and how they are routed is
part of the answer, which takes rounds of cuts.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from solver.bench.families.draws import Draws
from solver.bench.families.family import Family, Generated, Parameters
from solver.bench.families.fleet_demand import Demand, device_seconds, limits_of, worth_in_h100
from solver.bench.families.layout_lists import EFFICIENCIES
from solver.bench.families.price_lists import drawn_price_usd_per_hour
from solver.bench.families.request_sizes import SERVICES, SizeClass, histogram
from solver.bench.families.toml_text import toml_text

__all__ = ["FAMILY", "FleetSizesParameters"]

MACHINES: tuple[str, ...] = ("L4", "A10G", "L40S", "A100-80GB SXM", "H100 SXM")
MODELS: tuple[str, ...] = ("Llama-3.1-8B", "Qwen3-8B", "Mistral-7B-v0.3")
LARGEST_INPUT, LARGEST_OUTPUT = 8192, 1024


class FleetSizesParameters(Parameters):
    """Classes are at most inputs times outputs; the rarest are left out beyond ``classes``."""

    inputs: int = Field(default=3, ge=1, le=9, description="Classes of prompts, to 8192 tokens.")
    outputs: int = Field(default=2, ge=1, le=6, description="Classes of answers, to 1024 tokens.")
    machines: int = Field(default=3, ge=1, le=5, description="Kinds of machine.")
    devices: float = Field(
        default=12, ge=1, le=10_000, description="Work in all, in busy H100, about."
    )
    pools: Literal["apart", "together"] = Field(
        default="apart", description="Replicas for each class, or one pool with routing."
    )
    stock: float = Field(
        default=0.8, ge=0.3, le=10, description="Work that one stock does alone, over all work."
    )
    batches: int = Field(default=2, ge=2, le=5, description="Batches on offer: 4, 16, 64, ...")


def _demands(classes: list[SizeClass], model: str, devices: float) -> tuple[list[Demand], float]:
    """One demand a class, and requests/s of all of them."""
    work = [
        one.weight * device_seconds("H100 SXM", model, one.input_tokens, one.output_tokens)
        for one in classes
    ]
    rate = devices / sum(work)
    demands = [
        Demand(
            f"{one.input_tokens} in {one.output_tokens} out",
            model,
            one.input_tokens,
            one.output_tokens,
            rate * one.weight,
            rate * seconds,
        ).scaled(1)
        for one, seconds in zip(classes, work, strict=True)
    ]
    return demands, rate * sum(one.weight for one in classes)


def _make(parameters: FleetSizesParameters, seed: int) -> Generated:
    draws = Draws("fleet-sizes", seed)
    model = draws.one_of(MODELS)
    service = draws.one_of(SERVICES)
    classes = histogram(
        service,
        [LARGEST_INPUT >> step for step in reversed(range(parameters.inputs))],
        [LARGEST_OUTPUT >> step for step in reversed(range(parameters.outputs))],
    )
    demands, requests_per_s = _demands(classes, model, parameters.devices)
    floor = draws.one_of((10, 15, 20))
    workloads: list[dict[str, object]]
    if parameters.pools == "apart":
        workloads = [
            {**limits_of(draws, demand), "min_speed_tok_per_s": floor} for demand in demands
        ]
    else:
        workloads = [
            {
                "name": "requests",
                "model": model,
                "sizes": tuple(
                    {
                        "input_tokens": one.input_tokens,
                        "output_tokens": one.output_tokens,
                        "weight": one.weight,
                    }
                    for one in classes
                ),
                "requests_per_s": float(f"{requests_per_s:.2g}"),
                "min_speed_tok_per_s": floor,
                "max_ttft_s": 8,
            }
        ]
    machines = []
    for accelerator in draws.some_of(MACHINES, parameters.machines):
        share = parameters.stock * draws.between(0.7, 1.4)
        price = drawn_price_usd_per_hour(draws, accelerator)
        machines.append(
            {
                "name": accelerator.lower().removesuffix(" sxm"),
                "accelerator": accelerator,
                "stock_devices": max(
                    2, round(share * parameters.devices / worth_in_h100(accelerator, demands))
                ),
                "usd_per_hour": f"{price:.2f}",
                "source": "drawn around the catalog's price on demand",
            }
        )
    name = (
        f"fleet-sizes-{parameters.inputs}x{parameters.outputs}-{parameters.machines}"
        f"-{parameters.pools}-{parameters.devices:g}-b{parameters.batches}"
        f"-{parameters.stock:g}-s{seed}"
    )
    document: dict[str, object] = {
        "schema": 1,
        "kind": "fleet",
        "name": name,
        "title": f"{len(classes)} sizes of requests as in {service.name}, pools {parameters.pools}",
        "trade_off": ["speed", "cost"],
        "workloads": workloads,
        "machines": machines,
        "design": {
            "tensor_parallel": [1, 2],
            "batch": [4 * 4**step for step in range(parameters.batches)],
            "weight_bits": [8],
            "kv_bits": [8],
        },
        "performance": {"model": "epoch2025", **EFFICIENCIES},
        "rules": {"hbm_reserve_fraction": 0.1},
    }
    comment = (
        f"Generated: family fleet-sizes. Lengths: log-normal as in {service.name}, cut at powers\n"
        "of two. Prices: the catalog's on demand, times a log-normal spread of 0.25."
    )
    return Generated(name, ".toml", toml_text(comment, document))


FAMILY = Family(
    name="fleet-sizes",
    group="fleet",
    summary="a histogram of request sizes on machines that suit some sizes better than others",
    parameters=FleetSizesParameters,
    make=_make,
)
