"""Which catalog entries and storage formats a published figure stands for.

Tables name devices, models and a precision in one word. What the word leaves open is filled in from
what the checkpoints state, and every such reading that a row depends on is an *assumption*: it is
named, and errors are reported by it.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from solver.catalog import shipped_catalog
from solver.catalog.domain import Accelerator, Model
from solver.performance.calibrated.kernels import Formats
from solver.performance.operators.device import device_of_accelerator

__all__ = ["ACCELERATORS", "PRECISION_ASSUMED", "accelerator_named", "formats_named", "model_named"]

ACCELERATORS: Mapping[str, str] = MappingProxyType(
    {
        "a100": "A100-80GB SXM",
        "h100": "H100 SXM",
        "h100_pcie": "H100 PCIe",
        "h200": "H200 SXM",
        "h800": "H800 SXM",
        "h20": "H20",
        "b200": "B200 SXM",
        "gb200": "GB200 NVL72",
        "gb300": "GB300 NVL72",
        "l40s": "L40S",
        "rtx6000pro": "RTX PRO 6000",
        "mi300x": "MI300X",
        "mi325x": "MI325X",
        "mi355x": "MI355X",
    }
)
"""Catalog accelerator of each device name. Others have no catalog entry of their own, and memory or
links differ from those that do: A100 on PCIe, H100 NVL, H200 NVL, both GH200, Arc Pro B60."""

_MODELS: Mapping[str, str] = MappingProxyType(
    {"llama-3-70b": "Llama-3.1-70B", "mistral-7b": "Mistral-7B-v0.3"}
)
"""Llama 3 has the layers of Llama 3.1. Which release of Mistral 7B a table means is not stated; the
first one alone has a window (4,096 tokens), which its successors dropped: without is read."""

_UNSTATED = frozenset({"UNSET", "fp8/fp4 (see submission)"})
PRECISION_ASSUMED = "precision not stated: 4 bits where the device multiplies them, else 8"


def accelerator_named(name: str) -> Accelerator | str:
    """The catalog accelerator, or why there is none."""
    if name.startswith("mixed:"):
        return "unequal devices in one system"
    entry = ACCELERATORS.get(name)
    if entry is None:
        return f"device {name!r} is not in the catalog"
    return shipped_catalog().accelerator(entry)


def model_named(name: str) -> Model | str:
    """The catalog model, or why there is none."""
    catalog = shipped_catalog()
    by_name = {entry.casefold(): entry for entry in catalog.models if "/" not in entry}
    entry = _MODELS.get(name) or by_name.get(name.casefold())
    return catalog.model(entry) if entry else f"model {name!r} is not in the catalog"


def formats_named(
    precision: str | None, model: Model, accelerator: Accelerator
) -> tuple[Formats, tuple[str, ...]] | str:
    """Formats and the assumptions in them, or why they are not known.

    Notes
    -----
    * ``fp16`` and ``bf16`` cost the same; the cache is then in 16 bits. With narrower weights it is
      in 8 bits, as the tables of TensorRT-LLM state for FP8 and as MLPerf's closed rules allow.
    * gpt-oss is published with experts in MXFP4 and all else in bfloat16; its cache is in 8 bits on
      Blackwell and 16 on Hopper (TensorRT-LLM's performance page, options of GPT-OSS).
    * NVFP4 checkpoints of mixture models keep attention wider: bfloat16, and for DeepSeek one byte
      a weight on average (model card of DeepSeek-R1-0528-FP4-v2).
    * DeepSeek's own 8-bit checkpoint has a scale to 128 x 128 weights; those that NVIDIA publishes
      for other models have one to a matrix.
    """
    if precision is None:
        return "the precision is not stated"
    four_bits = 4 in device_of_accelerator(accelerator).flop_per_s
    assumptions: tuple[str, ...] = ()
    if precision in _UNSTATED:
        precision, assumptions = ("fp4" if four_bits else "fp8"), (PRECISION_ASSUMED,)
    deepseek = model.family.startswith("deepseek")
    if model.family == "gpt_oss":
        return Formats("bf16", "mxfp4", "fp8" if four_bits else "bf16"), assumptions
    if precision in ("fp16", "bf16"):
        return Formats("bf16", "bf16", "bf16"), assumptions
    if precision == "fp8":
        name = "fp8_block" if deepseek else "fp8"
        return Formats(name, name, "fp8"), assumptions
    if precision.startswith("fp8 (bf16 attn"):
        return Formats("bf16", "fp8_block", "fp8"), assumptions
    if precision.startswith("fp4 (nvfp4 MoE, fp8 attn"):
        return Formats("fp8", "nvfp4", "fp8"), assumptions
    if precision == "fp4":
        wide = "fp8" if deepseek else "bf16"
        weight = wide if model.moe is not None else "nvfp4"
        return Formats(weight, "nvfp4", "fp8"), assumptions
    if precision == "mxfp4":
        return Formats("mxfp4", "mxfp4", "fp8"), assumptions
    return f"precision {precision!r} is not known"
