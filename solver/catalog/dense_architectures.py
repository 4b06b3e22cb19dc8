"""Dense decoders: how each architecture spells its shape in a config.json.

What a file leaves out takes the default of that architecture in the *transformers* library, but
only where published files do leave it out. Weights that no key tells of (which norms exist, which
layers have a bias) are known here.
"""

from __future__ import annotations

from solver.catalog.config_keys import ConfigKeys
from solver.catalog.config_shapes import (
    ModelFields,
    decoder,
    even_heads,
    periodic_window,
    window_in_all_layers,
)
from solver.catalog.domain import SlidingWindow

__all__ = ["falcon", "gemma2", "gemma3", "gpt2", "gptj", "llama", "mistral", "qwen2", "qwen3"]


def llama(keys: ConfigKeys) -> ModelFields:
    """Llama 1 to 3."""
    bias = keys.flag("attention_bias", False)
    return {
        **decoder(keys),
        "qkv_bias": bias,
        "output_bias": bias,
        "ff_bias": keys.flag("mlp_bias", False),
    }


def mistral(keys: ConfigKeys) -> ModelFields:
    """Mistral and Phi-3: a window, where given, in every layer."""
    return {**decoder(keys), "sliding_window": window_in_all_layers(keys)}


def _qwen_window(keys: ConfigKeys, layers: int) -> SlidingWindow | None:
    """Qwen files name a window even where it is switched off."""
    window = window_in_all_layers(keys)
    if not keys.flag("use_sliding_window", False) or window is None:
        return None
    first_windowed = keys.integer("max_window_layers", 0, minimum=0)
    if first_windowed >= layers:
        return None
    if first_windowed:
        what = f"full attention in the first {first_windowed} layers only is not supported"
        keys.fault(keys.path("max_window_layers"), what, "Give a model with a periodic window")
    return window


def qwen2(keys: ConfigKeys) -> ModelFields:
    """Qwen2 and Qwen2.5: biased queries, keys and values."""
    fields = decoder(keys)
    window = _qwen_window(keys, fields["layers"])
    return {**fields, "qkv_bias": True, "sliding_window": window}


def qwen3(keys: ConfigKeys) -> ModelFields:
    """Qwen3: normed queries and keys instead of biases."""
    fields = decoder(keys, head_dim=128)
    bias = keys.flag("attention_bias", False)
    return {
        **fields,
        "qkv_bias": bias,
        "output_bias": bias,
        "query_key_norm": "head",
        "sliding_window": _qwen_window(keys, fields["layers"]),
    }


def gemma2(keys: ConfigKeys) -> ModelFields:
    """Gemma 2: four norms a block, every other layer local."""
    window = keys.integer("sliding_window", 4096)
    return {
        **decoder(keys, tied=True, head_dim=256),
        "norms_per_layer": 4,
        "sliding_window": SlidingWindow(window=window, local=1, global_=1),
    }


def gemma3(keys: ConfigKeys) -> ModelFields:
    """Gemma 3: four norms a block, five local layers to a full one."""
    # Published files of this family leave out whatever equals the library's default.
    n_heads = keys.integer("num_attention_heads", 8)
    layers = keys.integer("num_hidden_layers")
    pattern = keys.integer("sliding_window_pattern", keys.integer("_sliding_window_pattern", 6))
    return {
        "layers": layers,
        "d_model": keys.integer("hidden_size"),
        "n_heads": n_heads,
        "n_kv_heads": keys.integer("num_key_value_heads", 4),
        "head_dim": keys.integer("head_dim", 256),
        "d_ff": keys.integer("intermediate_size"),
        "ff_up_matrices": 2,
        "ff_down_matrices": 1,
        "vocab": keys.integer("vocab_size", 262208),
        "tied_embeddings": keys.flag("tie_word_embeddings", True),
        "max_context_tokens": keys.integer("max_position_embeddings", 131072),
        "norms_per_layer": 4,
        "query_key_norm": "head",
        "sliding_window": periodic_window(
            keys,
            layers=layers,
            window=keys.integer("sliding_window", 4096),
            period=pattern,
            local_name="sliding_attention",
            chunked=False,
        ),
    }


def falcon(keys: ConfigKeys) -> ModelFields:
    """Falcon, old and new decoder."""
    d_model = keys.integer("hidden_size")
    n_heads = keys.integer("num_attention_heads")
    new = keys.flag("new_decoder_architecture", False)
    parallel = new or keys.flag("parallel_attn", True)
    if new:
        n_kv_heads = keys.integer("num_kv_heads", n_heads)
    else:
        n_kv_heads = 1 if keys.flag("multi_query", True) else n_heads
    bias = keys.flag("bias", False)
    return {
        "layers": keys.integer("num_hidden_layers"),
        "d_model": d_model,
        "n_heads": n_heads,
        "n_kv_heads": n_kv_heads,
        "head_dim": even_heads(keys, d_model, n_heads),
        "d_ff": keys.integer("ffn_hidden_size", 4 * d_model),
        "ff_up_matrices": 1,
        "ff_down_matrices": 1,
        "vocab": keys.integer("vocab_size"),
        "tied_embeddings": keys.flag("tie_word_embeddings", True),
        "max_context_tokens": keys.integer("max_position_embeddings", 2048),
        "parallel_block": parallel,
        # The old parallel block shares one norm between its halves.
        "norms_per_layer": keys.integer("num_ln_in_parallel_attn", 2) if new else 2 - parallel,
        "norm_bias": True,
        "qkv_bias": bias,
        "output_bias": bias,
        "ff_bias": bias,
    }


def _gpt(keys: ConfigKeys, *, tied: bool) -> ModelFields:
    """The shape of GPT-2 and GPT-J."""
    d_model = keys.integer("n_embd")
    n_heads = keys.integer("n_head")
    return {
        "layers": keys.integer("n_layer"),
        "d_model": d_model,
        "n_heads": n_heads,
        "n_kv_heads": n_heads,
        "head_dim": even_heads(keys, d_model, n_heads),
        "d_ff": keys.integer("n_inner", 4 * d_model),
        "ff_up_matrices": 1,
        "ff_down_matrices": 1,
        "vocab": keys.integer("vocab_size"),
        "tied_embeddings": keys.flag("tie_word_embeddings", tied),
        "max_context_tokens": keys.integer("n_positions"),
        "norm_bias": True,
        "ff_bias": True,
    }


def gpt2(keys: ConfigKeys) -> ModelFields:
    """GPT-2."""
    fields = _gpt(keys, tied=True)
    positions = fields["max_context_tokens"]
    return {**fields, "qkv_bias": True, "output_bias": True, "learned_positions": positions}


def gptj(keys: ConfigKeys) -> ModelFields:
    """GPT-J."""
    fields = _gpt(keys, tied=False)
    # Both halves of a block read the same norm, and the output layer has a bias of its own.
    return {**fields, "parallel_block": True, "norms_per_layer": 1, "unembedding_bias": True}
