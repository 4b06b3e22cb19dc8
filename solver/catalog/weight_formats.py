"""Formats of weights by name: their widths, and which one a width stands for.

A width alone does not name a format: 8 bits may be FP8 with one scale a tensor, FP8 with a scale a
block, or integers. A question that states widths means the format that the model is published in
where that has the width, else the plainest one that the machine computes in.
"""

from __future__ import annotations

from solver.catalog.domain import Accelerator, Model

__all__ = [
    "FORMAT_BITS",
    "KV_FORMATS",
    "format_rank",
    "formats_of_bits",
    "published_format",
    "split_format",
]

FORMAT_BITS = {
    "bf16": 16,
    "fp8": 8,
    "fp8_block": 8,
    "int8": 8,
    "int4": 4,
    "mxfp4": 4,
    "nvfp4": 4,
}
"""Bits of one stored weight, scales apart."""

KV_FORMATS = {16: "bf16", 8: "fp8"}
"""Format of a cached number by its width."""

_PUBLISHED = {
    ("deepseek_v3", 8): "fp8_block",
    ("deepseek_v32", 8): "fp8_block",
    ("glm_moe_dsa", 8): "fp8_block",
    ("kimi_k2", 8): "fp8_block",
    ("kimi_k2", 4): "int4",
    ("minimax_m2", 8): "fp8_block",
    ("gpt_oss", 4): "mxfp4",
}
"""Format of a family's published checkpoint at its published width: ``quantization_config`` of the
publishers' config.json (``weight_block_size`` 128 x 128 for ``fp8_block``)."""

_EXPERTS_ALONE = frozenset({("kimi_k2", "int4"), ("gpt_oss", "mxfp4")})
"""Checkpoints whose routed experts alone are in this format; all other weights are in 16 bits."""


def format_rank(name: str) -> int:
    """Place of a format in ``FORMAT_BITS`` from 1; 0 for none."""
    return list(FORMAT_BITS).index(name) + 1 if name else 0


def published_format(model: Model) -> str:
    """Format of the weights as published; of the plainest kind where the catalog does not say."""
    plain = {16: "bf16", 8: "fp8", 4: "int4"}
    known = _PUBLISHED.get((model.family, model.native_weight_bits))
    return known or plain.get(model.native_weight_bits, "")


def formats_of_bits(model: Model, accelerator: Accelerator, bits: int) -> tuple[str, ...]:
    """Formats that a width may stand for, likeliest first; empty where no format has it.

    The published one; then ``fp8`` before ``int8``, and ``nvfp4`` before ``int4`` where the machine
    has 4-bit arithmetic (``int4`` alone where it has none).
    """
    plain: dict[int, tuple[str, ...]] = {16: ("bf16",), 8: ("fp8", "int8"), 4: ("int4",)}
    if 4 in accelerator.flop_per_s:
        plain[4] = ("nvfp4", "int4")
    published = published_format(model)
    first = (published,) if bits == model.native_weight_bits and published else ()
    if first == ("int4",) and (model.family, "int4") not in _EXPERTS_ALONE:
        first = ()
    return tuple(dict.fromkeys((*first, *plain.get(bits, ()))))


def split_format(model: Model, name: str) -> tuple[str, str]:
    """Formats of all weights but the routed experts, and of those."""
    if model.moe is not None and (model.family, name) in _EXPERTS_ALONE:
        return "bf16", name
    return name, name
