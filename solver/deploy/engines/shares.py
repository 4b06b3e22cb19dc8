"""Figures of a plan in the words and units of the engines' flags."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from solver.deploy.engines.contract import ServerPlan
from solver.deploy.launch import Environment

__all__ = [
    "cut_in_words",
    "decimal_share",
    "devices_in_words",
    "visible_devices",
    "weights_in_words",
]


def decimal_share(share: Fraction) -> str:
    """A share with at most 4 decimals, rounded down: ``0.9``."""
    text = f"{int(share * 10_000) / 10_000:.4f}".rstrip("0")
    return text + "0" if text.endswith(".") else text


def visible_devices(plan: ServerPlan) -> Iterator[Environment]:
    """Which devices of a machine the stages stand on, in the words of CUDA or of HIP."""
    if not plan.design.visible_devices:
        return
    on_amd = plan.devices[0].vendor == "AMD"
    yield Environment(
        "HIP_VISIBLE_DEVICES" if on_amd else "CUDA_VISIBLE_DEVICES",
        ",".join(map(str, plan.design.visible_devices)),
        "The stages stand on these devices of the machine, in this order",
    )
    if not on_amd:
        yield Environment(
            "CUDA_DEVICE_ORDER", "PCI_BUS_ID", "Devices are numbered as nvidia-smi numbers them"
        )


def devices_in_words(count: int) -> str:
    """``1 device``, ``8 devices``."""
    return f"{count} device{'s' if count != 1 else ''}"


def cut_in_words(count: int) -> str:
    """``1 device holds each layer``, ``8 devices share each layer``."""
    return f"{devices_in_words(count)} {'holds' if count == 1 else 'share'} each layer"


def weights_in_words(plan: ServerPlan) -> str:
    """What the plan says of the weights: ``fp8 (8 bits)``."""
    bits = plan.design.weight_bits
    if plan.format is None:
        return "the format of this checkpoint, for the measurement states none"
    return plan.format if bits is None else f"{plan.format} ({bits} bits)"
