"""One design in words: its layout, its precision, the limit that sets its pace.

The keys are those of a replica design in the result contract. A key that a design does not carry is
told as absent (an empty text or ``None``), because designs of other kinds of question have others.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from solver.report.numbers import clean
from solver.result import Point

__all__ = [
    "BINDINGS",
    "DESIGN_KEYS",
    "UNKNOWN_BINDING",
    "Binding",
    "binding_of",
    "hbm_share",
    "layout_name",
    "precision_name",
    "tensor_degree",
]


DESIGN_KEYS = (
    "accelerator",
    "devices",
    "tensor_parallel",
    "tensor_parallel_2d",
    "pipeline_parallel",
    "expert_parallel",
    "attention_data_parallel",
    "batch",
    "microbatches",
    "draft_tokens",
    "weight_format",
    "weight_bits",
    "kv_bits",
)
"""What tells one design from another, in the order of the result contract."""


@dataclass(frozen=True, slots=True)
class Binding:
    """How the limit that sets the pace is told.

    Colours are those of Okabe and Ito (2008), told apart with every common colour blindness; line
    and marker tell them apart without colour. ``line`` and ``marker`` are matplotlib's names,
    ``symbol`` is that of the page's chart.
    """

    key: str
    title: str
    brief: str
    meaning: str
    colour: str
    line: Literal["solid", "dashed", "dotted", "dashdot"]
    marker: str
    symbol: str


BINDINGS: Mapping[str, Binding] = {
    binding.key: binding
    for binding in (
        Binding(
            "arithmetic",
            "arithmetic",
            "arithmetic",
            "the devices compute as fast as they can; a larger batch no longer lowers the cost",
            "#D55E00",
            "solid",
            "^",
            "triangle-up",
        ),
        Binding(
            "hbm",
            "HBM bandwidth",
            "HBM",
            "reading weights and KV cache from device memory takes longest",
            "#0072B2",
            "solid",
            "o",
            "circle",
        ),
        Binding(
            "network",
            "network",
            "network",
            "collectives and hand-overs between devices take longest",
            "#009E73",
            "dashed",
            "s",
            "square",
        ),
        Binding(
            "latency",
            "fixed latency",
            "latency",
            "starting one kernel after the other takes longest, whatever the devices' bandwidth",
            "#CC79A7",
            "dotted",
            "D",
            "diamond",
        ),
    )
}
UNKNOWN_BINDING = Binding(
    "", "not stated", "", "the result does not say", "#767676", "dashdot", "x", "x"
)


def binding_of(point: Point) -> Binding:
    """The limit that sets the pace of ``point``; ``UNKNOWN_BINDING`` where its design says none."""
    return BINDINGS.get(str(point.design.get("binding", "")), UNKNOWN_BINDING)


def tensor_degree(design: Mapping[str, Any]) -> int:
    """Total tensor-parallel degree, 1D or 2D (only one of them is above 1)."""
    one = int(design.get("tensor_parallel") or 1)
    two = int(design.get("tensor_parallel_2d") or 0)
    return max(one, two)


def layout_name(design: Mapping[str, Any]) -> str:
    """Layout in short: ``TP8``, ``TP16-2D·PP2``, ``TP4·EP8·DP8``, with ``·draft 3`` if it drafts.

    TP, PP, EP and DP are the degrees of tensor, pipeline, expert and attention data parallelism; a
    degree of one is left out, but for TP.
    """
    # A 2D grid of one device is no grid.
    two_dimensional = int(design.get("tensor_parallel_2d") or 0) > 1
    parts = [f"TP{tensor_degree(design)}" + ("-2D" if two_dimensional else "")]
    for key, letters in (
        ("pipeline_parallel", "PP"),
        ("expert_parallel", "EP"),
        ("attention_data_parallel", "DP"),
    ):
        degree = int(design.get(key) or 1)
        if degree > 1:
            parts.append(f"{letters}{degree}")
    draft = int(design.get("draft_tokens") or 0)
    if draft:
        parts.append(f"draft {draft}")
    return "·".join(parts)


def precision_name(design: Mapping[str, Any]) -> str:
    """Weights and KV cache: ``W8 KV16``, with a format ``fp8_block KV16``; empty without either."""
    if design.get("weight_format"):
        told = clean(design["weight_format"])
        return f"{told} KV{clean(design['kv_bits'])}" if "kv_bits" in design else told
    names = (("weight_bits", "W"), ("kv_bits", "KV"))
    return " ".join(f"{letter}{clean(design[key])}" for key, letter in names if key in design)


def hbm_share(design: Mapping[str, Any]) -> float | None:
    """Share of each device's memory in use, 0 to 1; ``None`` where the design does not say."""
    used, capacity = design.get("hbm_used_bytes"), design.get("hbm_capacity_bytes")
    if used is None or not capacity:
        return None
    return float(used) / float(capacity)
