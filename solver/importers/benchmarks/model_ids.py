"""Which model of the catalog a server's model id stands for.

Ids are those under which publishers put the weights on Hugging Face; only these are taken, whole.
An id that merely looks like one (a fork, a fine-tune of somebody's) may have other widths, so that
its model is asked for instead.
"""

from __future__ import annotations

__all__ = ["catalog_model", "same_model", "weights_word"]

_IDS: dict[str, tuple[str, ...]] = {
    "Llama-3.1-8B": (
        "meta-llama/Llama-3.1-8B",
        "meta-llama/Llama-3.1-8B-Instruct",
        "meta-llama/Meta-Llama-3.1-8B",
        "meta-llama/Meta-Llama-3.1-8B-Instruct",
    ),
    "Llama-3.1-70B": (
        "meta-llama/Llama-3.1-70B",
        "meta-llama/Llama-3.1-70B-Instruct",
        "meta-llama/Meta-Llama-3.1-70B",
        "meta-llama/Meta-Llama-3.1-70B-Instruct",
    ),
    "Llama-3.1-405B": (
        "meta-llama/Llama-3.1-405B",
        "meta-llama/Llama-3.1-405B-FP8",
        "meta-llama/Llama-3.1-405B-Instruct",
        "meta-llama/Llama-3.1-405B-Instruct-FP8",
        "meta-llama/Meta-Llama-3.1-405B-Instruct",
        "meta-llama/Meta-Llama-3.1-405B-Instruct-FP8",
    ),
    "Llama-3.3-70B": ("meta-llama/Llama-3.3-70B-Instruct",),
    "Llama-2-7B": ("meta-llama/Llama-2-7b-hf", "meta-llama/Llama-2-7b-chat-hf"),
    "Llama-2-70B": ("meta-llama/Llama-2-70b-hf", "meta-llama/Llama-2-70b-chat-hf"),
    "Llama-4-Scout": (
        "meta-llama/Llama-4-Scout-17B-16E",
        "meta-llama/Llama-4-Scout-17B-16E-Instruct",
    ),
    "Llama-4-Maverick": (
        "meta-llama/Llama-4-Maverick-17B-128E",
        "meta-llama/Llama-4-Maverick-17B-128E-Instruct",
        "meta-llama/Llama-4-Maverick-17B-128E-Instruct-FP8",
    ),
    "Mistral-7B-v0.1": ("mistralai/Mistral-7B-v0.1", "mistralai/Mistral-7B-Instruct-v0.1"),
    "Mistral-7B-v0.3": ("mistralai/Mistral-7B-v0.3", "mistralai/Mistral-7B-Instruct-v0.3"),
    "Mistral-Large-2": ("mistralai/Mistral-Large-Instruct-2407",),
    "Mixtral-8x7B": ("mistralai/Mixtral-8x7B-v0.1", "mistralai/Mixtral-8x7B-Instruct-v0.1"),
    "Mixtral-8x22B": ("mistralai/Mixtral-8x22B-v0.1", "mistralai/Mixtral-8x22B-Instruct-v0.1"),
    "Qwen2.5-32B": ("Qwen/Qwen2.5-32B", "Qwen/Qwen2.5-32B-Instruct"),
    "Qwen2.5-72B": ("Qwen/Qwen2.5-72B", "Qwen/Qwen2.5-72B-Instruct"),
    "Qwen3-8B": ("Qwen/Qwen3-8B", "Qwen/Qwen3-8B-FP8"),
    "Qwen3-32B": ("Qwen/Qwen3-32B", "Qwen/Qwen3-32B-FP8"),
    "Qwen3-30B-A3B": (
        "Qwen/Qwen3-30B-A3B",
        "Qwen/Qwen3-30B-A3B-FP8",
        "Qwen/Qwen3-30B-A3B-Instruct-2507",
        "Qwen/Qwen3-30B-A3B-Instruct-2507-FP8",
        "Qwen/Qwen3-30B-A3B-Thinking-2507",
    ),
    "Qwen3-235B-A22B": (
        "Qwen/Qwen3-235B-A22B",
        "Qwen/Qwen3-235B-A22B-FP8",
        "Qwen/Qwen3-235B-A22B-Instruct-2507",
        "Qwen/Qwen3-235B-A22B-Instruct-2507-FP8",
        "Qwen/Qwen3-235B-A22B-Thinking-2507",
    ),
    "Qwen3-Coder-480B-A35B": (
        "Qwen/Qwen3-Coder-480B-A35B-Instruct",
        "Qwen/Qwen3-Coder-480B-A35B-Instruct-FP8",
    ),
    "DeepSeek-V2": ("deepseek-ai/DeepSeek-V2", "deepseek-ai/DeepSeek-V2-Chat"),
    "DeepSeek-V3": ("deepseek-ai/DeepSeek-V3", "deepseek-ai/DeepSeek-V3-0324"),
    "DeepSeek-R1": ("deepseek-ai/DeepSeek-R1", "deepseek-ai/DeepSeek-R1-0528"),
    "DeepSeek-V3.1": ("deepseek-ai/DeepSeek-V3.1",),
    "DeepSeek-V3.2": ("deepseek-ai/DeepSeek-V3.2", "deepseek-ai/DeepSeek-V3.2-Exp"),
    "Kimi-K2": ("moonshotai/Kimi-K2-Instruct", "moonshotai/Kimi-K2-Instruct-0905"),
    "Kimi-K2.5": ("moonshotai/Kimi-K2.5",),
    "GLM-4.5": ("zai-org/GLM-4.5", "zai-org/GLM-4.5-FP8"),
    "GLM-4.5-Air": ("zai-org/GLM-4.5-Air", "zai-org/GLM-4.5-Air-FP8"),
    "GLM-5": ("zai-org/GLM-5", "zai-org/GLM-5-FP8"),
    "MiniMax-M2.5": ("MiniMaxAI/MiniMax-M2.5",),
    "gpt-oss-120b": ("openai/gpt-oss-120b",),
    "gpt-oss-20b": ("openai/gpt-oss-20b",),
    "Gemma-2-9B": ("google/gemma-2-9b", "google/gemma-2-9b-it"),
    "Gemma-2-27B": ("google/gemma-2-27b", "google/gemma-2-27b-it"),
    "Gemma-3-12B": ("google/gemma-3-12b-pt", "google/gemma-3-12b-it"),
    "Gemma-3-27B": ("google/gemma-3-27b-pt", "google/gemma-3-27b-it"),
    "Phi-4": ("microsoft/phi-4",),
    "Falcon-180B": ("tiiuae/falcon-180B", "tiiuae/falcon-180B-chat"),
    "GPT-J-6B": ("EleutherAI/gpt-j-6b",),
}
"""The catalog's name -> ids on Hugging Face, as of October 2026."""

_BY_ID = {identity.casefold(): name for name, ids in _IDS.items() for identity in ids}
# A server started with --served-model-name often leaves the publisher out. Names of the catalog
# itself count as well.
_BY_ID |= {identity.partition("/")[2]: name for identity, name in list(_BY_ID.items())}
_BY_ID |= {name.casefold(): name for name in _IDS}


def catalog_model(model_id: str) -> str | None:
    """The catalog's name of the model that ``model_id`` stands for; None where it is not known."""
    return _BY_ID.get(model_id.casefold())


def same_model(first: str, second: str) -> bool:
    """Whether two names or ids are known to stand for one model."""
    return _canonical(first) == _canonical(second)


def weights_word(model_id: str) -> str:
    """What a known id says of its weights, for the name of a layout: ``fp8`` or nothing."""
    known = catalog_model(model_id) is not None
    return "fp8" if known and model_id.casefold().endswith("-fp8") else ""


def _canonical(name: str) -> str:
    return (_BY_ID.get(name.casefold()) or name.rpartition("/")[2]).casefold()
