"""All layouts of a model over the devices of a system: what a buyer could have chosen."""

from __future__ import annotations

from solver.catalog.domain import Model
from solver.performance.calibrated.point import Layout

__all__ = ["layouts_over", "stated_layout"]

_MOST_STAGES = 8
_NARROWEST_EXPERT = 128
"""Columns of an expert on one device at least: kernels multiply tiles of 128."""


def _powers_of_two(most: int) -> list[int]:
    return [2**k for k in range(most.bit_length()) if 2**k <= most]


def _divides(layout: Layout, model: Model) -> bool:
    if model.n_heads % layout.tensor_parallel or layout.pipeline_parallel > model.layers:
        return False
    if model.moe is None:
        return True
    width = model.moe.expert_d_ff / layout.expert_tensor_parallel
    return (
        model.moe.n_experts % layout.expert_parallel == 0
        and model.moe.expert_d_ff % layout.expert_tensor_parallel == 0
        and (width >= _NARROWEST_EXPERT or layout.expert_tensor_parallel == 1)
    )


def layouts_over(model: Model, devices: int) -> tuple[Layout, ...]:
    """Replicas whose copies fill ``devices`` devices, every degree a power of two.

    Experts lie split over all devices of a stage, or whole on each; attention runs data parallel
    only where there are experts to share, because a dense model is then better off as replicas.
    """
    found = []
    for tensor in _powers_of_two(devices):
        for groups in _powers_of_two(devices) if model.moe is not None else [1]:
            for stages in _powers_of_two(min(devices, _MOST_STAGES)):
                stage = tensor * groups
                if devices % (stage * stages):
                    continue
                for experts in sorted({1, stage}) if model.moe is not None else [1]:
                    layout = Layout(tensor, stages, experts, groups)
                    if _divides(layout, model):
                        found.append(layout)
    return tuple(found)


def stated_layout(
    model: Model, *, tensor: int, stages: int, experts: int, groups: int
) -> Layout | str:
    """The layout with these degrees, or why there is none."""
    if tensor * groups % experts:
        return "expert_parallel does not divide the devices of a stage"
    layout = Layout(tensor, stages, experts, groups)
    if not _divides(layout, model):
        return "the degrees do not divide the heads, the experts or their width"
    return layout
