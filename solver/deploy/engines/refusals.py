"""What no engine here can express, whatever its flags."""

from __future__ import annotations

from collections.abc import Iterator

from solver.deploy.engines.contract import ServerPlan
from solver.deploy.engines.lengths import length_refusals
from solver.errors import Fault

__all__ = ["common_refusals", "device_refusals", "head_refusals"]

_ANOTHER = "Choose another point with --point"


def common_refusals(plan: ServerPlan) -> Iterator[Fault]:
    """Grids, degrees that do not make the devices, stages without layers, foreign KV widths."""
    design = plan.design
    if design.tensor_parallel_2d > 1:
        yield plan.fault(
            f"the plan cuts layers over a 2D grid of {design.tensor_parallel_2d} devices, and "
            "engines cut them in one dimension",
            "Choose a point with tensor_parallel, or solve again without design.tensor_parallel_2d",
        )
        return
    devices = plan.stage_devices * design.pipeline_parallel
    if devices != design.devices:
        yield plan.fault(
            f"its degrees make {devices} devices and the plan says {design.devices}",
            "Give the result as 'fleetfront solve --out' wrote it",
        )
    if design.pipeline_parallel > plan.model.layers:
        yield plan.fault(
            f"a pipeline of {design.pipeline_parallel} stages is longer than the "
            f"{plan.model.layers} layers of {plan.model.name}",
            _ANOTHER,
        )
    if design.expert_parallel > 1 and not plan.model.n_experts:
        yield plan.fault(
            f"{plan.model.name} has no experts to lay on {design.expert_parallel} groups",
            _ANOTHER,
        )
    if design.kv_bits not in (None, 8, 16):
        yield plan.fault(
            f"the KV cache is planned in {design.kv_bits} bits; 8 and 16 have a flag",
            "Solve again with design.kv_bits of 8 or 16",
        )
    if len({device.vendor for device in plan.devices}) > 1:
        yield plan.fault(
            "its stages stand on devices of several makers, and an engine is built for one",
            _ANOTHER,
        )
    if plan.format == "nvfp4" and any(device.vendor != "NVIDIA" for device in plan.devices):
        yield plan.fault(
            "NVFP4 is a format of NVIDIA's devices",
            "Solve again with design.weight_format = 'mxfp4'",
        )
    yield from head_refusals(plan)
    yield from length_refusals(plan)


def head_refusals(plan: ServerPlan) -> Iterator[Fault]:
    """A degree that does not cut the attention heads evenly."""
    degree, heads, kv_heads = (
        plan.design.tensor_parallel,
        plan.model.n_heads,
        plan.model.n_kv_heads,
    )
    if heads % degree:
        yield plan.fault(
            f"tensor parallel {degree} does not divide the {heads} attention heads of "
            f"{plan.model.name}",
            "Choose a point whose degree does, or solve again with rules.degrees_divide = true",
        )
    elif kv_heads % degree and degree % kv_heads:
        yield plan.fault(
            f"tensor parallel {degree} neither divides the {kv_heads} KV heads of "
            f"{plan.model.name} nor is a multiple of them",
            _ANOTHER,
        )
    if plan.draft is not None and plan.draft.n_heads % degree:
        yield plan.fault(
            f"tensor parallel {degree} does not divide the {plan.draft.n_heads} attention heads "
            f"of the draft {plan.draft.name}",
            "Choose a point without a draft or with another degree",
        )


def device_refusals(
    plan: ServerPlan, *, engine: str, vendors: tuple[str, ...], least: int
) -> Iterator[Fault]:
    """Accelerators that an engine does not run on; ``least`` is a compute capability times ten."""
    for device in plan.devices:
        if device.vendor not in vendors:
            yield plan.fault(
                f"{engine} does not run on {device.name} of {device.vendor}, only on devices of "
                f"{' and '.join(vendors)}",
                "Choose a point on another accelerator, or another engine with --engine",
            )
        elif device.compute_capability is not None and device.compute_capability < least:
            yield plan.fault(
                f"{engine} needs compute capability {least / 10:.1f}, and {device.name} has "
                f"{device.compute_capability / 10:.1f}",
                "Choose a point on a newer accelerator",
            )
