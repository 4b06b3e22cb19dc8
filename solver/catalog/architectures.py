"""The architectures of a config.json that are understood, by the name the file gives."""

from __future__ import annotations

from collections.abc import Callable

from solver.catalog import dense_architectures as dense
from solver.catalog import expert_architectures as expert
from solver.catalog.config_keys import ConfigKeys
from solver.catalog.config_shapes import ModelFields

__all__ = ["ARCHITECTURES"]

ARCHITECTURES: dict[str, tuple[str, Callable[[ConfigKeys], ModelFields]]] = {
    "DeepseekV2ForCausalLM": ("deepseek_v2", expert.deepseek_v2),
    "DeepseekV3ForCausalLM": ("deepseek_v3", expert.deepseek_v3),
    "DeepseekV32ForCausalLM": ("deepseek_v32", expert.deepseek_sparse),
    "FalconForCausalLM": ("falcon", dense.falcon),
    "GPT2LMHeadModel": ("gpt2", dense.gpt2),
    "GPTJForCausalLM": ("gptj", dense.gptj),
    "Gemma2ForCausalLM": ("gemma2", dense.gemma2),
    "Gemma3ForCausalLM": ("gemma3", dense.gemma3),
    "Gemma3ForConditionalGeneration": ("gemma3", dense.gemma3),
    "Glm4MoeForCausalLM": ("glm4_moe", expert.glm4_moe),
    "GlmMoeDsaForCausalLM": ("glm_moe_dsa", expert.deepseek_sparse),
    "GptOssForCausalLM": ("gpt_oss", expert.gpt_oss),
    "KimiK25ForConditionalGeneration": ("kimi_k2", expert.deepseek_v3),
    "KimiK2ForCausalLM": ("kimi_k2", expert.deepseek_v3),
    "Llama4ForConditionalGeneration": ("llama4", expert.llama4),
    "LlamaForCausalLM": ("llama", dense.llama),
    "MiniMaxM2ForCausalLM": ("minimax_m2", expert.minimax_m2),
    "MistralForCausalLM": ("mistral", dense.mistral),
    "MixtralForCausalLM": ("mixtral", expert.mixtral),
    "Phi3ForCausalLM": ("phi3", dense.mistral),
    "Qwen2ForCausalLM": ("qwen2", dense.qwen2),
    "Qwen3ForCausalLM": ("qwen3", dense.qwen3),
    "Qwen3MoeForCausalLM": ("qwen3_moe", expert.qwen3_moe),
}
"""Supported architectures, the family each belongs to, and the function that reads its shape."""
