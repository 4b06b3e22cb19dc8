"""A model as a ``[[models]]`` entry, each figure with the key of the config.json that gives it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, get_args

from pydantic import BaseModel

from solver.catalog.domain import Model
from solver.catalog.model_records import ModelRecord, model_keys
from solver.importers.findings import Figure, Tables

__all__ = ["model_entry"]

_SPELLED: Mapping[str, tuple[str, ...]] = {
    "layers": ("num_hidden_layers", "n_layer"),
    "d_model": ("hidden_size", "n_embd"),
    "n_heads": ("num_attention_heads", "n_head"),
    "n_kv_heads": ("num_key_value_heads", "num_kv_heads", "num_attention_heads", "n_head"),
    "head_dim": ("head_dim", "v_head_dim"),
    "d_ff": ("intermediate_size", "intermediate_size_mlp", "ffn_hidden_size", "n_inner"),
    "vocab": ("vocab_size",),
    "tied_embeddings": ("tie_word_embeddings",),
    "max_context_tokens": ("max_position_embeddings", "n_positions"),
    "learned_positions": ("n_positions",),
    "qkv_bias": ("attention_bias", "bias"),
    "output_bias": ("attention_bias", "bias"),
    "ff_bias": ("mlp_bias", "bias"),
    "moe.n_experts": ("n_routed_experts", "num_local_experts", "num_experts"),
    "moe.top_k": ("num_experts_per_tok", "experts_per_token"),
    "moe.expert_d_ff": ("moe_intermediate_size", "intermediate_size"),
    "moe.n_shared_experts": ("n_shared_experts",),
    "moe.shared_expert_d_ff": ("moe_intermediate_size", "intermediate_size"),
    "moe.first_dense_layers": ("first_k_dense_replace",),
    "moe.layer_step": ("decoder_sparse_step", "interleave_moe_layer_step"),
    "moe.router_bias": ("use_routing_bias",),
    "latent.kv_lora_rank": ("kv_lora_rank",),
    "latent.q_lora_rank": ("q_lora_rank",),
    "latent.qk_nope_head_dim": ("qk_nope_head_dim",),
    "latent.qk_rope_head_dim": ("qk_rope_head_dim",),
    "latent.v_head_dim": ("v_head_dim",),
    "indexer.n_heads": ("index_n_heads",),
    "indexer.head_dim": ("index_head_dim",),
    "indexer.top_k": ("index_topk",),
    "sliding_window.window": ("sliding_window", "attention_chunk_size"),
}
"""Keys of a config.json that may give a figure, by the figure's key in an instance."""

_OF_THE_IMPORT = frozenset({"name", "source", "as_of", "native_weight_bits", "native_kv_bits"})
_NEVER = frozenset({"confidence", "note"})


def model_entry(
    model: Model,
    document: Mapping[str, Any],
    *,
    file: str,
    architecture: str,
    weights_source: str,
    kv_source: str,
) -> dict[str, Figure | Tables | list[Tables]]:
    """The entry that gives exactly ``model`` again, but for its remarks.

    Keys at their default are left out. A figure that is not a key of the file follows from the
    architecture, and says so.

    Parameters
    ----------
    document
        The config.json; a text decoder's keys may stand under ``text_config``.
    file
        Its name, for the sources.
    weights_source, kv_source
        What tells the widths of the weights and of the cache.
    """
    special = {"native_weight_bits": weights_source, "native_kv_bits": kv_source}
    defaults = {
        info.alias or key: info.get_default() for key, info in ModelRecord.model_fields.items()
    }
    entry: dict[str, Figure | Tables | list[Tables]] = {}
    for key, value in model_keys(model).items():
        if key in _NEVER or value is None or (key in defaults and value == defaults[key]):
            continue
        if isinstance(value, dict):
            entry[key] = {
                inner: Figure(part, _source(f"{key}.{inner}", part, document, file, architecture))
                for inner, part in value.items()
                if part is not None and part != _nested_default(key, inner)
            }
        elif key in _OF_THE_IMPORT:
            entry[key] = Figure(_plain(value), special.get(key, ""))
        else:
            entry[key] = Figure(_plain(value), _source(key, value, document, file, architecture))
    return entry


def _nested_default(key: str, inner: str) -> object:
    """What a key of a nested table is where it is left out; None where it has to be given."""
    for kind in get_args(ModelRecord.model_fields[key].annotation):
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            fields = {info.alias or name: info for name, info in kind.model_fields.items()}
            info = fields.get(inner)
            return None if info is None or info.is_required() else info.get_default()
    return None


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _source(
    key: str, value: object, document: Mapping[str, Any], file: str, architecture: str
) -> str:
    """The first key of the file that may give the figure and holds it."""
    if key == "family":
        return f"{file}: architectures"
    text = document.get("text_config")
    inner = text if isinstance(text, Mapping) else {}
    for spelled in _SPELLED.get(key, ()):
        given = inner.get(spelled)
        place = f"text_config.{spelled}"
        if given is None:
            given, place = document.get(spelled), spelled
        if given is not None and type(given) is type(value) and given == value:
            return f"{file}: {place}"
    if key == "head_dim":
        return f"{file}: hidden_size / num_attention_heads, the file gives no head_dim"
    return f"as {architecture} has it"
