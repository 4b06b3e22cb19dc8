"""Figures of a plan in the words and units of the engines' flags."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from solver.deploy.engines.contract import ServerPlan
from solver.deploy.launch import Environment
from solver.errors import Fault

__all__ = [
    "decimal_share",
    "devices_in_words",
    "memory_share",
    "share_refusals",
    "visible_devices",
    "weights_in_words",
]

_MOST = Fraction(97, 100)
"""Kernels, the driver's context and communication buffers take about 2 of 80 GB beside what an
engine counts, so no plan may give weights and caches more than this."""


def decimal_share(share: Fraction) -> str:
    """A share with at most 4 decimals, rounded down: ``0.9``."""
    text = f"{int(share * 10_000) / 10_000:.4f}".rstrip("0")
    return text + "0" if text.endswith(".") else text


def memory_share(plan: ServerPlan, default: Fraction) -> tuple[Fraction, str]:
    """Share of a device's memory for weights, caches and activations, and why.

    A plan that reserves nothing does not say what the engine may take: then it is the engine's
    default, or what the plan fills if that is more.
    """
    told = Fraction(plan.design.hbm_fraction)
    if told < 1:
        return told, f"The plan leaves {decimal_share(1 - told)} of HBM free"
    used = Fraction(plan.design.hbm_used_fraction or 0)
    if used > default:
        return min(_MOST, used + Fraction(1, 100)), (
            f"The plan fills {decimal_share(used)} of HBM with weights and caches, more than the "
            f"engine takes by default ({decimal_share(default)})"
        )
    return default, (
        "The plan reserves no HBM, so the engine keeps its default; what it leaves free holds the "
        "driver's context and buffers"
    )


def share_refusals(plan: ServerPlan) -> Iterator[Fault]:
    """A plan that leaves the engine itself no memory."""
    used = plan.design.hbm_used_fraction
    if used is not None and Fraction(used) > _MOST:
        yield plan.fault(
            f"weights and caches fill {decimal_share(Fraction(used))} of HBM, which leaves no room "
            "for the driver's context and the engine's buffers",
            "Solve again with rules.hbm_reserve_fraction = '1/10', or choose a smaller batch",
        )


def visible_devices(plan: ServerPlan) -> Iterator[Environment]:
    """Which devices of a machine the stages stand on, for every engine that runs on CUDA."""
    if plan.design.visible_devices:
        yield Environment(
            "CUDA_VISIBLE_DEVICES",
            ",".join(map(str, plan.design.visible_devices)),
            "The stages stand on these devices of the machine, in this order",
        )
        yield Environment(
            "CUDA_DEVICE_ORDER", "PCI_BUS_ID", "Devices are numbered as nvidia-smi numbers them"
        )


def devices_in_words(count: int) -> str:
    """``1 device``, ``8 devices``."""
    return f"{count} device{'s' if count != 1 else ''}"


def weights_in_words(plan: ServerPlan) -> str:
    """What the plan says of the weights: ``fp8 (8 bits)``."""
    bits = plan.design.weight_bits
    if plan.format is None:
        return "a format that the measurement does not state"
    return plan.format if bits is None else f"{plan.format} ({bits} bits)"
