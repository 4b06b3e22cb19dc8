"""Which catalog entries and storage formats a measured row stands for.

The measurements name a system, a checkpoint and how GEMMs and experts are quantised. They do not
say how the KV cache is kept, nor that most 4-bit checkpoints leave attention in a wider format;
both are filled in here from what the checkpoints and the public benchmark scripts state.
"""

from __future__ import annotations

from dataclasses import dataclass

from solver.catalog import shipped_catalog
from solver.catalog.domain import Accelerator, Model
from solver.performance.operators.device import MEASURED_SYSTEMS
from solver.performance.validation.measured.rows import MeasuredRow

__all__ = ["Formats", "accelerator_of", "formats_of", "model_of"]

_HOPPER = ("h100_sxm", "h200_sxm")
_SUFFIXES = ("-instruct", "-fp8", "-nvfp4", "-fp4", "-mxfp4", "-int4", "-awq", "-bf16")
_FORMAT_OF_MODE = {
    "fp8": "fp8",
    "fp8_block": "fp8_block",
    "nvfp4": "nvfp4",
    "int4_wo": "int4",
    "int8_wo": "int8",
    "bfloat16": "bf16",
    "bf16": "bf16",
    "float16": "bf16",
    "w4a16_mxfp4": "mxfp4",
    "mxfp4": "mxfp4",
}


@dataclass(frozen=True, slots=True)
class Formats:
    """Storage formats: all weights but routed experts, routed experts, KV cache."""

    weight: str
    expert: str
    kv: str


def accelerator_of(row: MeasuredRow) -> Accelerator | str:
    """The catalog accelerator of the row's system, or why there is none."""
    name = MEASURED_SYSTEMS.get(row.system)
    if name is None:
        return f"system {row.system!r} is not one of {', '.join(MEASURED_SYSTEMS)}"
    return shipped_catalog().accelerator(name)


def model_of(row: MeasuredRow) -> Model | str:
    """The catalog model of the row's checkpoint, or why there is none.

    A checkpoint is known by its own name: the publisher before the slash and what only says how it
    is stored or tuned (``-Instruct``, ``-FP8``, ``-NVFP4``) make no other architecture.
    """
    name = row.model_path.rsplit("/", 1)[-1].casefold()
    catalog = shipped_catalog()
    by_name = {entry.casefold(): entry for entry in catalog.models if "/" not in entry}
    while name not in by_name:
        suffix = next((s for s in _SUFFIXES if name.endswith(s)), None)
        if suffix is None:
            return f"model {row.model_path!r} is not in the catalog"
        name = name.removesuffix(suffix)
    return catalog.model(by_name[name])


def formats_of(row: MeasuredRow, model: Model) -> Formats | str:
    """Storage formats of the row's deployment, or why they are not known.

    Notes
    -----
    * gpt-oss is published with experts in MXFP4 and all else in bfloat16 (its model card); files
      call that ``fp4`` or ``fp8``, after how it is multiplied.
    * INT4 Kimi K2.5 is published with quantised experts only (its model card).
    * NVFP4 checkpoints of mixture models keep attention wider. DeepSeek's second one quantises the
      output projection and the shared expert but not the other attention projections (model card
      of DeepSeek-R1-0528-FP4-v2): 1.0 byte a weight on average, so ``fp8`` stands for it; the
      others keep all of attention, ``bf16``.
    * The 8-bit checkpoints of the mixture models here (DeepSeek, MiniMax, Qwen3, Qwen3.5, GLM-5)
      carry one scale to 128 x 128 weights (their published configurations): what a file calls
      ``fp8`` is then ``fp8_block``.
    * A row without any precision is the published checkpoint, if that is in 16 bits.
    """
    kv = _kv_format(row, model)
    if model.family == "gpt_oss":
        return Formats("bf16", "mxfp4", kv)
    if row.gemm_quant_mode is None and row.moe_quant_mode is None:
        if row.dtype in ("bf16", "bfloat16") or (
            row.dtype is None and model.native_weight_bits == 16
        ):
            return Formats("bf16", "bf16", "bf16")
        return "the precision of the weights is not stated"
    modes = (row.gemm_quant_mode, row.moe_quant_mode if model.moe else row.gemm_quant_mode)
    formats = [_FORMAT_OF_MODE.get(mode or "") for mode in modes]
    for mode, known in zip(modes, formats, strict=True):
        if known is None:
            return f"precision {mode!r} is not known" if mode else "a precision is not stated"
    weight, expert = (_block_scaled(str(name), model) for name in formats)
    if model.moe and weight == "nvfp4":
        weight = "fp8" if model.family.startswith("deepseek") else "bf16"
    if model.moe and weight == "int4":
        weight = "bf16"
    return Formats(weight, expert, kv)


def _block_scaled(name: str, model: Model) -> str:
    return "fp8_block" if name == "fp8" and model.moe is not None else name


def _kv_format(row: MeasuredRow, model: Model) -> str:
    """The KV format the public benchmark scripts set for an engine, a model and a GPU generation.

    Source: the launch scripts of InferenceX (formerly InferenceMAX), ``benchmarks/*.sh``, 2025 and
    2026. TensorRT-LLM is started with an 8-bit cache, but for gpt-oss on Hopper; SGLang with an
    8-bit cache, but for latent attention on Hopper; vLLM with an 8-bit cache for Llama 70B. On
    Hopper vLLM keeps its default of 16 bits else. On Blackwell the measurements speak for 8 bits:
    MiniMax-M2.5 on two B200 holds 512 requests of 1,024 + 1,024 tokens and Kimi-K2.5 on four holds
    64 of 1,024 + 8,192, both without a queue, which 16 bits have no room for.
    """
    hopper = row.system in _HOPPER
    if row.backend == "trtllm":
        return "bf16" if model.family == "gpt_oss" and hopper else "fp8"
    if row.backend == "sglang":
        return "bf16" if hopper and model.attention == "latent" else "fp8"
    dense_70b = "70b" in row.model_path.casefold() and row.gemm_quant_mode is not None
    return "fp8" if dense_70b or not hopper else "bf16"
