"""Decoders with experts: how each architecture spells its shape in a config.json.

Defaults are those of ``dense_architectures``.
"""

from __future__ import annotations

from solver.catalog.config_keys import ConfigKeys
from solver.catalog.config_shapes import (
    ModelFields,
    decoder,
    experts,
    periodic_window,
    window_in_all_layers,
)
from solver.catalog.dense_architectures import qwen3
from solver.catalog.domain import LatentAttention, MixtureOfExperts, SparseIndexer
from solver.catalog.parameters import ATTENTION_SINKS

__all__ = [
    "deepseek_sparse",
    "deepseek_v2",
    "deepseek_v3",
    "glm4_moe",
    "gpt_oss",
    "llama4",
    "minimax_m2",
    "mixtral",
    "qwen3_moe",
]

SPARSE_ATTENTION = "sparse attention (DSA)"
"""Feature of a model whose attention reads only the tokens an indexer picks."""


def mixtral(keys: ConfigKeys) -> ModelFields:
    """Mixtral."""
    fields = {**decoder(keys), "sliding_window": window_in_all_layers(keys)}
    fields["moe"] = experts(
        keys,
        n_experts=keys.integer("num_local_experts"),
        top_k=keys.integer("num_experts_per_tok"),
        expert_d_ff=fields["d_ff"],
    )
    fields["d_ff"] = 0
    return fields


def qwen3_moe(keys: ConfigKeys) -> ModelFields:
    """Qwen3 with experts."""
    fields = qwen3(keys)
    keys.refuse_unless("mlp_only_layers", [], [])
    step = keys.integer("decoder_sparse_step", 1)
    fields["moe"] = experts(
        keys,
        n_experts=keys.integer("num_experts"),
        top_k=keys.integer("num_experts_per_tok"),
        expert_d_ff=keys.integer("moe_intermediate_size"),
        layer_step=step,
    )
    if step == 1:
        fields["d_ff"] = 0
    return fields


def _shared_and_routed(keys: ConfigKeys, *, router_bias: bool) -> MixtureOfExperts | None:
    """Experts as DeepSeek, Kimi and GLM spell them."""
    width = keys.integer("moe_intermediate_size")
    shared = keys.integer("n_shared_experts", 0, minimum=0)
    return experts(
        keys,
        n_experts=keys.integer("n_routed_experts"),
        top_k=keys.integer("num_experts_per_tok"),
        expert_d_ff=width,
        n_shared_experts=shared,
        shared_expert_d_ff=width if shared else 0,
        first_dense_layers=keys.integer("first_k_dense_replace", 0, minimum=0),
        router_bias=router_bias,
    )


def _latent_experts(keys: ConfigKeys, *, router_bias: bool) -> ModelFields:
    """Latent attention over dense layers first and experts after."""
    latent = LatentAttention(
        kv_lora_rank=keys.integer("kv_lora_rank"),
        q_lora_rank=keys.optional_integer("q_lora_rank"),
        qk_nope_head_dim=keys.integer("qk_nope_head_dim"),
        qk_rope_head_dim=keys.integer("qk_rope_head_dim"),
        v_head_dim=keys.integer("v_head_dim"),
    )
    keys.refuse_unless("attention_bias", False, False)
    keys.refuse_unless("moe_layer_freq", 1, 1)
    return {
        **decoder(keys, head_dim=latent.v_head_dim),
        # A head_dim in the file means the rotary part here.
        "head_dim": latent.v_head_dim,
        "attention": "latent",
        "latent": latent,
        "moe": _shared_and_routed(keys, router_bias=router_bias),
    }


def deepseek_v2(keys: ConfigKeys) -> ModelFields:
    """DeepSeek-V2."""
    return _latent_experts(keys, router_bias=False)


def deepseek_v3(keys: ConfigKeys) -> ModelFields:
    """DeepSeek-V3 and what was built in its shape.

    The bias that balances experts came with V3 (arXiv 2412.19437, section 2.1.2).
    """
    balanced = keys.text("topk_method", "noaux_tc") == "noaux_tc"
    return _latent_experts(keys, router_bias=balanced)


def deepseek_sparse(keys: ConfigKeys) -> ModelFields:
    """DeepSeek-V3.2 and GLM-5: latent attention that reads only picked tokens."""
    indexer = SparseIndexer(
        n_heads=keys.integer("index_n_heads"),
        head_dim=keys.integer("index_head_dim"),
        top_k=keys.integer("index_topk"),
    )
    return {**deepseek_v3(keys), "indexer": indexer, "features": (SPARSE_ATTENTION,)}


def gpt_oss(keys: ConfigKeys) -> ModelFields:
    """gpt-oss: every other layer local, a learned sink in each head."""
    fields = decoder(keys, head_dim=64)
    bias = keys.flag("attention_bias", True)
    top_k = "num_experts_per_tok"
    if keys.get(top_k) is None and keys.get("experts_per_token") is not None:
        top_k = "experts_per_token"
    return {
        **fields,
        "d_ff": 0,
        "moe": experts(
            keys,
            n_experts=keys.integer("num_local_experts"),
            top_k=keys.integer(top_k),
            expert_d_ff=fields["d_ff"],
            router_bias=True,
        ),
        "qkv_bias": bias,
        "output_bias": bias,
        "ff_bias": True,
        "features": (ATTENTION_SINKS,),
        "sliding_window": periodic_window(
            keys,
            layers=fields["layers"],
            window=keys.integer("sliding_window"),
            period=2,
            local_name="sliding_attention",
            chunked=False,
        ),
    }


def glm4_moe(keys: ConfigKeys) -> ModelFields:
    """GLM-4.5 and its successors."""
    return {
        **decoder(keys),
        "qkv_bias": keys.flag("attention_bias", False),
        "query_key_norm": "head" if keys.flag("use_qk_norm", False) else "none",
        "moe": _shared_and_routed(keys, router_bias=True),
    }


def llama4(keys: ConfigKeys) -> ModelFields:
    """Llama 4: chunked attention, one shared expert, experts every so many layers."""
    fields = decoder(keys)
    expert_width = fields["d_ff"]
    step = keys.integer("interleave_moe_layer_step", 1)
    layers = fields["layers"]
    listed = keys.items("moe_layers")
    stepped = range(step - 1, layers, step)
    follows = len(listed) == len(stepped) and listed == list(stepped)
    if listed and not follows and not keys.faults:
        what = "does not follow interleave_moe_layer_step"
        keys.fault(keys.path("moe_layers"), what, "Give a model with experts in a fixed step")
    interval = keys.integer("no_rope_layer_interval", 4)
    rotary = keys.items("no_rope_layers")
    periodic = [int((index + 1) % interval != 0) for index in range(len(rotary))]
    if rotary and (len(rotary) != layers or rotary != periodic) and not keys.faults:
        what = f"should mark every layer but each {interval}th"
        keys.fault(keys.path("no_rope_layers"), what, "Give a model with a periodic pattern")
    bias = keys.flag("attention_bias", False)
    chunk = keys.optional_integer("attention_chunk_size")
    window = None
    if chunk is not None:
        window = periodic_window(
            keys,
            layers=layers,
            window=chunk,
            period=interval,
            local_name="chunked_attention",
            chunked=True,
        )
    return {
        **fields,
        "d_ff": 0 if step == 1 else keys.integer("intermediate_size_mlp"),
        "qkv_bias": bias,
        "output_bias": bias,
        "sliding_window": window,
        "moe": experts(
            keys,
            n_experts=keys.integer("num_local_experts"),
            top_k=keys.integer("num_experts_per_tok"),
            expert_d_ff=expert_width,
            # The architecture always runs one shared expert beside the routed ones.
            n_shared_experts=1,
            shared_expert_d_ff=expert_width,
            layer_step=step,
        ),
    }


def minimax_m2(keys: ConfigKeys) -> ModelFields:
    """MiniMax-M2."""
    fields = decoder(keys)
    keys.refuse_unless("shared_intermediate_size", 0, 0)
    # 1 marks softmax attention; the older linear layers of this maker are 0.
    if any(kind != 1 for kind in keys.items("attn_type_list")):
        what = "holds layers that are not softmax attention"
        keys.fault(keys.path("attn_type_list"), what, "Give a model with full attention only")
    normed = keys.flag("use_qk_norm", False)
    if normed:
        keys.refuse_unless("qk_norm_type", "per_layer", "per_layer")
    return {
        **fields,
        "d_ff": 0,
        "query_key_norm": "projection" if normed else "none",
        "moe": experts(
            keys,
            n_experts=keys.integer("num_local_experts"),
            top_k=keys.integer("num_experts_per_tok"),
            expert_d_ff=fields["d_ff"],
            router_bias=keys.flag("use_routing_bias", True),
        ),
    }
