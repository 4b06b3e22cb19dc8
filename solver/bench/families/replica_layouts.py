"""One model on one or two kinds of machine: drawn degrees, formats and batches.

Models come from a class of size, machines from those in nodes of eight; degrees are powers of two
and what divides the layers. Contexts are the sum of a drawn mean prompt and answer of a public
trace, see ``request_sizes``; prices see ``price_lists``.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from solver.bench.families.draws import Draws
from solver.bench.families.family import Family, Generated, Parameters
from solver.bench.families.layout_lists import (
    BATCHES,
    EFFICIENCIES,
    MODELS,
    ModelClass,
    Value,
    grown_lists,
    price_table,
)
from solver.bench.families.request_sizes import SERVICES, drawn_mean_sizes
from solver.bench.families.toml_text import toml_text

__all__ = ["FAMILY", "ReplicaLayoutParameters"]

MACHINES: tuple[str, ...] = ("A100-80GB SXM", "H100 SXM", "H200 SXM", "B200 SXM", "MI300X")
PIPELINES: dict[str, tuple[int, ...]] = {
    "small": (1, 2, 4),
    "medium": (1, 2, 4, 8),
    "large": (1, 2, 4, 8),
}


class ReplicaLayoutParameters(Parameters):
    """The space has about layouts times batches cells, less what breaks a rule or a memory."""

    layouts: int = Field(
        default=12, ge=4, le=300, description="Layouts on offer, at least; at most about twice."
    )
    batches: int = Field(default=24, ge=2, le=len(BATCHES), description="Batches on offer.")
    model: ModelClass = Field(default="medium", description="Class of models to draw from.")
    machines: int = Field(default=1, ge=1, le=3, description="Kinds of machine on offer, at most.")
    performance: Literal["epoch2025", "calibrated"] = Field(
        default="epoch2025", description="Performance model."
    )
    draft: bool = Field(default=False, description="Speculative decoding with an 8B on offer.")

    @model_validator(mode="after")
    def _draft_is_smaller(self) -> ReplicaLayoutParameters:
        if self.draft and self.model == "small":
            raise ValueError("nothing is small enough to draft for a small model: draft=false")
        return self


def _make(parameters: ReplicaLayoutParameters, seed: int) -> Generated:
    draws = Draws("replica-layouts", seed)
    model = draws.one_of(MODELS[parameters.model])
    axes: dict[str, tuple[Value, ...]] = {
        "accelerator": tuple(draws.some_of(MACHINES, parameters.machines)),
        "tensor_parallel": (1, 2, 4, 8, 16),
        "pipeline_parallel": PIPELINES[parameters.model],
        "weight_bits": (8, 16),
        "kv_bits": (8, 16),
    }
    if parameters.draft:
        axes["tokens"] = (0, 1, 2, 3, 4, 5)
    # Eight devices of any of these hold any of the models: no question is empty.
    lists = grown_lists(draws, axes, parameters.layouts, always={"tensor_parallel": 8})
    tokens = lists.pop("tokens", [])
    prompt, answer = drawn_mean_sizes(draws, draws.one_of(SERVICES))
    context = 256 * max(1, round((prompt + answer) / 256))
    performance: dict[str, object] = {"model": parameters.performance}
    if parameters.performance == "epoch2025":
        performance |= EFFICIENCIES
    name = (
        f"replica-layouts-{parameters.model}-{parameters.layouts}x{parameters.batches}"
        f"-{parameters.machines}{'-draft' if parameters.draft else ''}"
        f"-{parameters.performance}-s{seed}"
    )
    document: dict[str, object] = {
        "schema": 1,
        "kind": "replica",
        "name": name,
        "title": f"{model}, {parameters.layouts} layouts by {parameters.batches} batches",
        "workload": {"model": model, "context_tokens": context},
        "design": {
            **lists,
            "batch": sorted([1, *draws.some_of(BATCHES[1:], parameters.batches - 1)]),
        },
        "price": price_table(draws, [str(one) for one in lists["accelerator"]]),
        "performance": performance,
        "rules": {"hbm_reserve_fraction": 0.1} if parameters.performance == "epoch2025" else {},
    }
    if tokens:
        document["draft"] = {
            "model": "Llama-3.1-8B",
            "acceptance": round(draws.between(0.6, 0.85), 2),
            "tokens": tokens,
        }
    return Generated(name, ".toml", toml_text(_COMMENT, document))


_COMMENT = """\
Generated: family replica-layouts. Context: mean prompt and answer of a public trace. Batches: sizes
of CUDA graphs. Prices: the catalog's on demand, times a log-normal spread of 0.25."""

FAMILY = Family(
    name="replica-layouts",
    group="replica",
    summary="one model on one or more machines: drawn degrees, formats, batches, draft tokens",
    parameters=ReplicaLayoutParameters,
    make=_make,
)
