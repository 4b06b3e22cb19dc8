"""Shapes that several architectures share, read from the keys of a config.json."""

from __future__ import annotations

from typing import Any

from solver.catalog.config_keys import ConfigKeys
from solver.catalog.domain import MixtureOfExperts, SlidingWindow

__all__ = [
    "ModelFields",
    "decoder",
    "even_heads",
    "experts",
    "periodic_window",
    "window_in_all_layers",
]

ModelFields = dict[str, Any]
"""Keyword arguments of ``Model``."""


def decoder(keys: ConfigKeys, *, tied: bool = False, head_dim: int | None = None) -> ModelFields:
    """What nearly every decoder spells alike; ``tied`` and ``head_dim`` are the defaults."""
    d_model = keys.integer("hidden_size")
    n_heads = keys.integer("num_attention_heads")
    return {
        "layers": keys.integer("num_hidden_layers"),
        "d_model": d_model,
        "n_heads": n_heads,
        "n_kv_heads": keys.integer("num_key_value_heads", n_heads),
        "head_dim": keys.integer("head_dim", head_dim or even_heads(keys, d_model, n_heads)),
        "d_ff": keys.integer("intermediate_size"),
        "ff_up_matrices": 2,
        "ff_down_matrices": 1,
        "vocab": keys.integer("vocab_size"),
        "tied_embeddings": keys.flag("tie_word_embeddings", tied),
        "max_context_tokens": keys.optional_integer("max_position_embeddings"),
    }


def even_heads(keys: ConfigKeys, d_model: int, n_heads: int) -> int:
    """Head width where no key gives it: the model width split evenly."""
    if keys.get("head_dim") is None and d_model % n_heads and not keys.faults:
        what = f"missing, and {n_heads} heads do not split a width of {d_model} evenly"
        keys.fault(keys.path("head_dim"), what, "Add head_dim")
    return max(d_model // n_heads, 1)


def experts(keys: ConfigKeys, **fields: Any) -> MixtureOfExperts | None:
    """The experts, or None while some key is at fault: stand-in values need not go together."""
    return None if keys.faults else MixtureOfExperts(**fields)


def window_in_all_layers(keys: ConfigKeys) -> SlidingWindow | None:
    """The window of ``sliding_window``, if it is given, in every layer."""
    window = keys.optional_integer("sliding_window")
    return None if window is None else SlidingWindow(window=window, local=1, global_=0)


def periodic_window(
    keys: ConfigKeys, *, layers: int, window: int, period: int, local_name: str, chunked: bool
) -> SlidingWindow | None:
    """Local layers: as ``layer_types`` lists them, else ``period`` - 1 of them and one full."""
    types = keys.items("layer_types")
    if types:
        full = [index for index, kind in enumerate(types) if kind == "full_attention"]
        period = full[0] + 1 if full else 0
    expected = (
        local_name if period == 0 or (index + 1) % period else "full_attention"
        for index in range(len(types))
    )
    sound = not types or (len(types) == layers and types == list(expected))
    if not sound and not keys.faults:
        what = f"should be {layers} layers, some '{local_name}' and then one 'full_attention'"
        keys.fault(keys.path("layer_types"), what, "Give a model with a periodic pattern")
    if period == 1:
        return None
    if period == 0:
        return SlidingWindow(window=window, local=1, global_=0, chunked=chunked)
    return SlidingWindow(window=window, local=period - 1, global_=1, chunked=chunked)
