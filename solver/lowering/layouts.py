"""Which layouts of the design space can be deployed, and why the others cannot.

A layout is refused here for its shape alone; limits that depend on numbers (HBM, price, speed)
are the business of ``families``.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass

from solver.catalog.domain import Model
from solver.instance.domain import DesignSpace, Rules
from solver.performance.step_table import StepLayout

__all__ = ["Grid", "Refusal", "design_grids", "expert_grids", "grids"]


@dataclass(frozen=True, slots=True)
class Refusal:
    """``layouts`` layouts (``candidates`` with their batches) refused for one ``reason``."""

    reason: str
    layouts: int
    candidates: int
    example: str


@dataclass(frozen=True, slots=True)
class Grid:
    """Layouts by batches that share the kind of sharding, the stages and the attention groups.

    Row ``i`` has tensor degree ``tensor_degrees[i]`` and expert-parallel degree
    ``expert_degrees[i]``.
    """

    two_dimensional: bool
    stages: int
    tensor_degrees: tuple[int, ...]
    batches: tuple[int, ...]
    expert_degrees: tuple[int, ...] = ()
    attention_data_parallel: int = 1

    def __post_init__(self) -> None:
        if not self.expert_degrees:
            object.__setattr__(self, "expert_degrees", (1,) * len(self.tensor_degrees))
        if len(self.expert_degrees) != len(self.tensor_degrees):
            raise ValueError("a grid has an expert-parallel degree for every tensor degree")

    @property
    def layouts(self) -> tuple[StepLayout, ...]:
        """Rows."""
        return tuple(
            StepLayout(
                tensor_parallel=1 if self.two_dimensional else degree,
                tensor_parallel_2d=degree if self.two_dimensional else 0,
                pipeline_parallel=self.stages,
                expert_parallel=experts,
                attention_data_parallel=self.attention_data_parallel,
            )
            for degree, experts in zip(self.tensor_degrees, self.expert_degrees, strict=True)
        )


def _heads_refusal(model: Model, axis: int) -> str | None:
    if model.n_heads % axis:
        return f"tensor degree does not divide the {model.n_heads} heads"
    if model.attention == "latent":
        # Every device keeps the whole latent cache: there are no KV heads to cut.
        return None
    if model.n_kv_heads % axis and axis % model.n_kv_heads:
        return f"tensor degree and the {model.n_kv_heads} KV heads do not divide one another"
    return None


def _degree_refusal(model: Model, degree: int, two_dimensional: bool) -> str | None:
    axis = math.isqrt(degree) if two_dimensional else degree
    width = model.moe.expert_d_ff if model.moe else model.d_ff
    if refusal := _heads_refusal(model, axis):
        return refusal
    if width % axis:
        return f"tensor degree does not divide the feed-forward width {width}"
    if two_dimensional and model.d_model % axis:
        return f"tensor degree does not divide the model width {model.d_model}"
    return None


def _stage_refusal(model: Model, tensor: int, experts: int, groups: int) -> str | None:
    """Why a stage of ``tensor x groups`` devices cannot be cut so; ``None`` where it can."""
    devices = tensor * groups
    if refusal := _heads_refusal(model, tensor):
        return refusal
    if model.linear is not None:
        heads = model.linear.n_value_heads
        if heads % tensor:
            return f"tensor degree does not divide the {heads} heads of linear attention"
    if model.moe is None:
        if experts > 1:
            return "expert parallel needs a model with experts"
    else:
        if devices % experts:
            return "expert parallel does not divide the devices of a stage"
        if model.moe.n_experts % experts:
            return f"expert parallel does not divide the {model.moe.n_experts} experts"
        width = model.moe.expert_d_ff
        if width % (devices // experts):
            return f"devices that share an expert do not divide its width {width}"
    # Dense layers are split over the devices of one attention group.
    if model.expert_layers < model.layers and model.d_ff % tensor:
        return f"tensor degree does not divide the feed-forward width {model.d_ff}"
    return None


class _Refusals:
    """Counts of what was refused, by reason, in the order met."""

    def __init__(self) -> None:
        self._counts: dict[str, list[int]] = {}
        self._examples: dict[str, str] = {}

    def note(self, reason: str, layouts: int, candidates: int, example: str) -> None:
        """Add ``layouts`` layouts and ``candidates`` candidates to a reason."""
        entry = self._counts.setdefault(reason, [0, 0])
        entry[0] += layouts
        entry[1] += candidates
        self._examples.setdefault(reason, example)

    def listed(self) -> list[Refusal]:
        """All of them."""
        return [
            Refusal(reason, layouts, candidates, self._examples[reason])
            for reason, (layouts, candidates) in self._counts.items()
        ]


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
    refused = _Refusals()
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
                refused.note(reason, len(stages), len(stages) * len(batches), f"{kind} {degree}")
        for depth in stages:
            whole = _whole_batches(model, depth, 1, batches, rules, refused, len(kept))
            if kept and whole:
                found.append(Grid(two_dimensional, depth, tuple(kept), whole))
    return found, refused.listed()


def _whole_batches(
    model: Model,
    depth: int,
    groups: int,
    batches: tuple[int, ...],
    rules: Rules,
    refused: _Refusals,
    layouts: int,
) -> tuple[int, ...]:
    """Batches that ``depth`` stages of ``groups`` attention groups can share out."""
    example = f"{depth} stages" if groups == 1 else f"{depth} x {groups}"
    if rules.degrees_divide and model.layers % depth:
        reason = f"stages do not divide the {model.layers} layers"
        refused.note(reason, layouts, layouts * len(batches), f"{depth} stages")
        return ()
    parts = depth * groups
    whole = tuple(
        batch
        for batch in batches
        if batch >= parts and not (rules.stages_divide_batch and batch % parts)
    )
    if len(whole) < len(batches):
        what, more = "stages do not divide the batch", "fewer sequences than stages"
        if groups > 1:
            what = "stages x attention data parallel do not divide the batch"
            more = "fewer sequences than stages x attention data parallel"
        reason = what if rules.stages_divide_batch else more
        missing = len(batches) - len(whole)
        refused.note(reason, 0 if whole else layouts, layouts * missing, example)
    return whole


def expert_grids(
    model: Model, design: DesignSpace, rules: Rules
) -> tuple[list[Grid], list[Refusal]]:
    """1D layouts with expert parallelism and attention data parallelism, and what was refused.

    A stage of ``tensor x groups`` devices keeps its routed experts on ``experts`` groups of devices
    that share each expert's width; each attention group decodes sequences of its own.
    """
    refused = _Refusals()
    found = []
    stages, batches = design.pipeline_parallel, design.batch
    for groups in design.attention_data_parallel:
        rows: list[tuple[int, int]] = []
        for tensor, experts in itertools.product(design.tensor_parallel, design.expert_parallel):
            # Experts that lie on no whole group of devices are no layout, rule or not.
            reason = (
                _stage_refusal(model, tensor, experts, groups)
                if rules.degrees_divide
                else _impossible(model, tensor * groups, experts)
            )
            if reason is None:
                rows.append((tensor, experts))
                continue
            example = f"tensor {tensor}, expert {experts}, attention data parallel {groups}"
            refused.note(reason, len(stages), len(stages) * len(batches), example)
        for depth in stages:
            whole = _whole_batches(model, depth, groups, batches, rules, refused, len(rows))
            if rows and whole:
                tensors, degrees = zip(*rows, strict=True)
                found.append(Grid(False, depth, tensors, whole, degrees, groups))
    found.sort(key=lambda grid: (grid.stages, grid.attention_data_parallel))
    return found, refused.listed()


def _impossible(model: Model, devices: int, experts: int) -> str | None:
    if experts > 1 and model.moe is None:
        return "expert parallel needs a model with experts"
    if devices % experts:
        return "expert parallel does not divide the devices of a stage"
    return None


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
