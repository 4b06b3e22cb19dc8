"""Which layouts of the design space can be deployed, and why the others cannot.

A layout is refused here for its shape alone; limits that depend on numbers (HBM, price, speed)
are the business of ``families``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from solver.catalog.domain import Model
from solver.instance.domain import DesignSpace, Rules

__all__ = ["Grid", "Refusal", "design_grids", "grids"]


@dataclass(frozen=True, slots=True)
class Refusal:
    """``layouts`` layouts (``candidates`` with their batches) refused for one ``reason``."""

    reason: str
    layouts: int
    candidates: int
    example: str


@dataclass(frozen=True, slots=True)
class Grid:
    """Tensor degrees by batches that share the kind of sharding and the number of stages."""

    two_dimensional: bool
    stages: int
    tensor_degrees: tuple[int, ...]
    batches: tuple[int, ...]


def _degree_refusal(model: Model, degree: int, two_dimensional: bool) -> str | None:
    axis = math.isqrt(degree) if two_dimensional else degree
    width = model.moe.expert_d_ff if model.moe else model.d_ff
    if model.n_heads % axis:
        return f"tensor degree does not divide the {model.n_heads} heads"
    if model.n_kv_heads % axis and axis % model.n_kv_heads:
        return f"tensor degree and the {model.n_kv_heads} KV heads do not divide one another"
    if width % axis:
        return f"tensor degree does not divide the feed-forward width {width}"
    if two_dimensional and model.d_model % axis:
        return f"tensor degree does not divide the model width {model.d_model}"
    return None


def grids(
    model: Model,
    *,
    one_d: tuple[int, ...],
    two_d: tuple[int, ...],
    stages: tuple[int, ...],
    batches: tuple[int, ...],
    rules: Rules,
) -> tuple[list[Grid], list[Refusal]]:
    """Layout grids of one model under the rules, and what was refused.

    The order is that of ties: 1D before 2D, few stages before many.
    """
    counts: dict[str, list[int]] = {}
    examples: dict[str, str] = {}

    def refuse(reason: str, layouts: int, candidates: int, example: str) -> None:
        entry = counts.setdefault(reason, [0, 0])
        entry[0] += layouts
        entry[1] += candidates
        examples.setdefault(reason, example)

    found = []
    for two_dimensional, degrees in ((False, one_d), (True, two_d)):
        kept = []
        kind = "2D tensor degree" if two_dimensional else "tensor degree"
        for degree in degrees:
            reason = None
            if rules.degrees_divide:
                reason = _degree_refusal(model, degree, two_dimensional)
            if reason is None:
                kept.append(degree)
            else:
                refuse(reason, len(stages), len(stages) * len(batches), f"{kind} {degree}")
        for depth in stages:
            example = f"{depth} stages"
            if rules.degrees_divide and model.layers % depth:
                reason = f"stages do not divide the {model.layers} layers"
                refuse(reason, len(kept), len(kept) * len(batches), example)
                continue
            whole = tuple(
                batch
                for batch in batches
                if batch >= depth and not (rules.stages_divide_batch and batch % depth)
            )
            if len(whole) < len(batches):
                reason = "stages do not divide the batch"
                if not rules.stages_divide_batch:
                    reason = "fewer sequences than stages"
                missing = len(batches) - len(whole)
                refuse(reason, 0 if whole else len(kept), len(kept) * missing, example)
            if kept and whole:
                found.append(Grid(two_dimensional, depth, tuple(kept), whole))
    refusals = [
        Refusal(reason, layouts, candidates, examples[reason])
        for reason, (layouts, candidates) in counts.items()
    ]
    return found, refusals


def design_grids(
    model: Model, design: DesignSpace, rules: Rules
) -> tuple[list[Grid], list[Refusal]]:
    """``grids`` over a whole design space."""
    return grids(
        model,
        one_d=design.tensor_parallel,
        two_d=design.tensor_parallel_2d,
        stages=design.pipeline_parallel,
        batches=design.batch,
        rules=rules,
    )
