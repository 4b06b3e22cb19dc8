"""Long contexts and a floor on speed: memory binds, and both sides of the roofline are in play.

Contexts of 16 to 128 thousand tokens fill HBM, so that large batches fail; a floor on the speed of
one user cuts off the slow end. Beside a machine of much arithmetic (H100, H200) stands the H20 with
a seventh of it at the same bandwidth, and drafts multiply the arithmetic of a step: cells bound by
memory and cells bound by arithmetic are mixed.
"""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import Field, model_validator

from solver.bench.families.draws import Draws
from solver.bench.families.family import Family, Generated, Parameters
from solver.bench.families.layout_lists import (
    EFFICIENCIES,
    ModelClass,
    Value,
    grown_lists,
    price_table,
)
from solver.bench.families.toml_text import toml_text

__all__ = ["FAMILY", "ReplicaContextParameters"]

MACHINES: tuple[str, ...] = ("H100 SXM", "H200 SXM", "B200 SXM", "A100-80GB SXM", "MI300X")
CACHED_TOKENS = 4_000_000
"""Largest batch times context, about: more fits on hardly any layout."""
LONG_MODELS: Mapping[ModelClass, tuple[str, ...]] = {
    "small": ("Llama-3.1-8B", "Gemma-3-12B"),
    "medium": ("Llama-3.1-70B", "Llama-3.3-70B"),
    "large": ("Llama-3.1-405B", "Mistral-Large-2"),
}
"""Published for 128 thousand tokens."""
CONTEXTS = (16, 24, 32, 48, 64, 96, 128)
FLOORS: Mapping[ModelClass, tuple[int, ...]] = {
    "small": (60, 80, 100),
    "medium": (30, 40, 60),
    "large": (15, 20, 30),
}
"""Tokens/s one user sees at least."""


class ReplicaContextParameters(Parameters):
    """The grid has layouts times batches cells; half of them and more break a limit."""

    layouts: int = Field(
        default=32, ge=4, le=600, description="Layouts on offer, at least; at most about twice."
    )
    batches: int = Field(default=24, ge=2, le=128, description="Batches on offer.")
    model: ModelClass = Field(default="medium", description="Class of models to draw from.")
    draft: bool = Field(default=True, description="Speculative decoding on offer.")

    @model_validator(mode="after")
    def _draft_is_smaller(self) -> ReplicaContextParameters:
        if self.draft and self.model == "small":
            raise ValueError("nothing is small enough to draft for a small model: draft=false")
        return self


def _make(parameters: ReplicaContextParameters, seed: int) -> Generated:
    draws = Draws("replica-context", seed)
    context = 1024 * draws.one_of(CONTEXTS)
    model = draws.one_of(LONG_MODELS[parameters.model])
    axes: dict[str, tuple[Value, ...]] = {
        "tensor_parallel": (1, 2, 4, 8, 16, 32),
        "pipeline_parallel": (1, 2, 4, 8),
        "weight_bits": (8, 16),
        "kv_bits": (8, 16),
    }
    if parameters.draft:
        axes["tokens"] = (0, 1, 2, 3, 4, 5, 6)
    lists = grown_lists(draws, axes, (parameters.layouts + 1) // 2, always={"tensor_parallel": 8})
    tokens = lists.pop("tokens", [])
    machines = ["H20", draws.one_of(MACHINES)]
    name = (
        f"replica-context-{parameters.model}-{parameters.layouts}x{parameters.batches}"
        f"{'-draft' if parameters.draft else ''}-s{seed}"
    )
    # Batches lie closer together where they are small, as memory leaves room for few sequences.
    largest = CACHED_TOKENS // context
    batches: set[int] = {1}
    while len(batches) < min(parameters.batches, largest):
        batches.add(round(draws.between(1, largest)))
    document: dict[str, object] = {
        "schema": 1,
        "kind": "replica",
        "name": name,
        "title": f"{model} at {context} tokens of context, with a floor on speed",
        "workload": {"model": model, "context_tokens": context},
        "design": {
            "accelerator": machines,
            **lists,
            "batch": sorted(batches),
        },
        "price": price_table(draws, machines),
        "limits": {
            "min_speed_tok_per_s": draws.one_of(FLOORS[parameters.model]),
            "max_devices": draws.one_of((32, 64)),
        },
        "performance": {"model": "epoch2025", **EFFICIENCIES},
        "rules": {"hbm_reserve_fraction": 0.1},
    }
    if tokens:
        document["draft"] = {
            "model": "Llama-3.1-8B",
            "acceptance": round(draws.between(0.6, 0.85), 2),
            "tokens": tokens,
        }
    comment = (
        "Generated: family replica-context. Prices: the catalog's on demand, times a log-normal\n"
        "spread of 0.25."
    )
    return Generated(name, ".toml", toml_text(comment, document))


FAMILY = Family(
    name="replica-context",
    group="replica",
    summary="long contexts, a floor on speed, little and much arithmetic side by side",
    parameters=ReplicaContextParameters,
    make=_make,
)
