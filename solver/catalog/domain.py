"""What a catalog entry becomes once read: accelerators, models and prices, in SI units.

These classes hold facts, not opinions: how fast a step runs is the business of
``solver.performance``. All are immutable and hashable.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from fractions import Fraction
from types import MappingProxyType
from typing import Any, Literal

from solver.catalog.power import PowerProfile

__all__ = [
    "Accelerator",
    "AttentionKind",
    "CollectiveFamily",
    "LatentAttention",
    "LinearAttention",
    "MixtureOfExperts",
    "Model",
    "Price",
    "QueryKeyNorm",
    "SlidingWindow",
    "SparseIndexer",
]

CollectiveFamily = Literal["nccl", "linear"]
"""``nccl``: tree protocols over a switched or meshed node; ``linear``: one hop a rank (TPU, LPU),
every device its own node, its fabric the scale-out network."""

AttentionKind = Literal["full", "latent", "hybrid-linear"]
"""``full``: multi-head, grouped-query or multi-query; ``latent``: MLA; ``hybrid-linear``: most
layers carry a recurrent state instead of a KV cache."""

QueryKeyNorm = Literal["none", "head", "projection"]
"""Learned norms of queries and keys: none, one weight vector of head width shared by all heads, or
one as wide as the whole projection."""


@dataclass(frozen=True, slots=True)
class Accelerator:
    """One accelerator as its vendor states it.

    Parameters
    ----------
    flop_per_s
        Dense peak by operand width in bits, for example ``{16: 989e12, 8: 1979e12}``; a width that
        is absent is not supported.
    hbm_bytes, hbm_bytes_per_s
        Capacity and peak bandwidth of the device's main memory (SRAM for an LPU).
    scale_up_bytes_per_s, scale_out_bytes_per_s
        Bandwidth out of one device, one direction, inside a node (NVLink, ICI, PCIe) and between
        nodes (its share of the NICs). May be infinite where every device is its own node.
    node_devices
        Devices that share the scale-up network.
    kernel_launch_s
        Fixed time from one dependent kernel to the next.
    """

    name: str
    vendor: str
    year: int
    flop_per_s: Mapping[int, float] = field(hash=False)
    hbm_bytes: int
    hbm_bytes_per_s: float
    scale_up_bytes_per_s: float
    scale_out_bytes_per_s: float
    node_devices: int
    kernel_launch_s: float
    collectives: CollectiveFamily = "nccl"
    tdp_w: float | None = None
    all_in_w: float | None = None
    idle_w: float | None = None
    power: PowerProfile | None = None
    """Power by phase and clock; ``None`` where no figures are at hand."""
    source: str = ""
    as_of: str = ""
    confidence: str = ""
    note: str = ""
    """What the source does not say, or says differently: assumptions, choices, other figures."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "flop_per_s", MappingProxyType(dict(self.flop_per_s)))
        if not self.flop_per_s:
            raise ValueError(f"{self.name}: no arithmetic rate at any precision")
        if self.hbm_bytes <= 0 or self.hbm_bytes_per_s <= 0 or self.node_devices < 1:
            raise ValueError(f"{self.name}: memory, bandwidth and node size must be positive")

    def __reduce__(self) -> tuple[Any, ...]:
        # A mapping proxy cannot be pickled, and worker processes need accelerators.
        values = {f.name: getattr(self, f.name) for f in fields(self)}
        values["flop_per_s"] = dict(self.flop_per_s)
        return _rebuild_accelerator, (values,)


def _rebuild_accelerator(values: dict[str, Any]) -> Accelerator:
    return Accelerator(**values)


@dataclass(frozen=True, slots=True)
class Price:
    """What one device costs for one hour, as an exact fraction of a dollar.

    ``estimate`` marks a figure that its source gives as an estimate or a scaled guess, not as a
    price somebody asked or paid.
    """

    accelerator: str
    tier: str
    usd_per_hour: Fraction
    as_of: str
    source: str
    estimate: bool = False
    note: str = ""

    def __post_init__(self) -> None:
        if self.usd_per_hour <= 0:
            raise ValueError(f"{self.accelerator}: a price must be positive")


@dataclass(frozen=True, slots=True)
class MixtureOfExperts:
    """Routed and shared experts of a mixture-of-experts model.

    ``first_dense_layers`` layers come before the first expert layer; after them every
    ``layer_step``-th layer holds experts and the others are dense. ``shared_expert_d_ff`` is the
    width of one shared expert.
    """

    n_experts: int
    top_k: int
    expert_d_ff: int
    n_shared_experts: int = 0
    shared_expert_d_ff: int = 0
    first_dense_layers: int = 0
    layer_step: int = 1
    router_bias: bool = False
    shared_expert_gate: bool = False

    def __post_init__(self) -> None:
        if min(self.n_experts, self.top_k, self.expert_d_ff, self.layer_step) < 1:
            raise ValueError("experts, top_k, expert width and layer step must be positive")
        if self.top_k > self.n_experts:
            raise ValueError(f"top_k {self.top_k} is more than the {self.n_experts} experts")
        if min(self.n_shared_experts, self.shared_expert_d_ff, self.first_dense_layers) < 0:
            raise ValueError("shared experts, their width and dense layers cannot be negative")
        if (self.n_shared_experts > 0) != (self.shared_expert_d_ff > 0):
            raise ValueError("shared experts need both a count and a width")


@dataclass(frozen=True, slots=True)
class LatentAttention:
    """Multi-head latent attention (DeepSeek-V2, arXiv 2405.04434, section 2.1)."""

    kv_lora_rank: int
    q_lora_rank: int | None
    qk_nope_head_dim: int
    qk_rope_head_dim: int
    v_head_dim: int


@dataclass(frozen=True, slots=True)
class SparseIndexer:
    """A small scorer in each layer that picks the ``top_k`` context tokens attention reads.

    The selector of DeepSeek-V3.2 (DSA): queries from the query latent, one shared key.
    """

    n_heads: int
    head_dim: int
    top_k: int


@dataclass(frozen=True, slots=True)
class LinearAttention:
    """The gated delta rule (arXiv 2412.06464) that stands in for attention in most layers."""

    n_key_heads: int
    n_value_heads: int
    key_head_dim: int
    value_head_dim: int
    conv_width: int


@dataclass(frozen=True, slots=True)
class SlidingWindow:
    """Local attention: of every ``local + global_`` layers, ``local`` see ``window`` tokens.

    Within a period the local layers come first. ``chunked``: a token sees its own chunk of
    ``window`` tokens, not the last ``window`` ones.
    """

    window: int
    local: int
    global_: int
    chunked: bool = False

    def __post_init__(self) -> None:
        if self.window < 1 or self.local < 1 or self.global_ < 0:
            raise ValueError("a window needs tokens, and at least one local layer in a period")


@dataclass(frozen=True, slots=True)
class Model:
    """A decoder-only transformer, as far as serving it is concerned.

    Parameters
    ----------
    d_ff
        Hidden width of a dense feed-forward layer; 0 where every layer holds experts.
    head_dim
        Width of one attention head; with latent attention its ``v_head_dim``, for display only.
    ff_up_matrices, ff_down_matrices
        Feed-forward matrices of shape d_model x d_ff and d_ff x d_model: (2, 1) for gated units,
        (1, 1) for plain ones.
    native_weight_bits, native_kv_bits
        Width in which the weights are published and in which the KV cache is kept by default.
    stated_params, stated_active_params
        Counts stated by the publisher (text decoder), to check the recomputed ones against.
    norms_per_layer, norm_bias, query_key_norm, qkv_bias, output_bias, ff_bias, unembedding_bias
        Small weights, for exact parameter counts: block norms and whether they carry a bias, norms
        of queries and keys, biases of the attention, feed-forward and output projections.
    learned_positions
        Rows of a learned position table; 0 for rotary or relative positions.
    attention_output_gate
        The query projection is twice as wide: half of it gates the attention output.
    """

    name: str
    family: str
    layers: int
    d_model: int
    n_heads: int
    n_kv_heads: int
    head_dim: int
    d_ff: int
    ff_up_matrices: int
    ff_down_matrices: int
    vocab: int
    attention: AttentionKind = "full"
    latent: LatentAttention | None = None
    moe: MixtureOfExperts | None = None
    sliding_window: SlidingWindow | None = None
    linear_attention_layers: int = 0
    linear: LinearAttention | None = None
    indexer: SparseIndexer | None = None
    parallel_block: bool = False
    tied_embeddings: bool = False
    max_context_tokens: int | None = None
    native_weight_bits: int = 16
    native_kv_bits: int = 16
    stated_params: float | None = None
    stated_active_params: float | None = None
    norms_per_layer: int = 2
    norm_bias: bool = False
    query_key_norm: QueryKeyNorm = "none"
    qkv_bias: bool = False
    output_bias: bool = False
    ff_bias: bool = False
    unembedding_bias: bool = False
    learned_positions: int = 0
    attention_output_gate: bool = False
    source: str = ""
    as_of: str = ""
    confidence: str = ""
    features: tuple[str, ...] = ()
    """Features named in the source that no field above carries, e.g. ``"sparse attention (DSA)"``.
    A performance model must refuse a feature it does not know."""
    note: str = ""

    def __post_init__(self) -> None:
        if min(self.layers, self.d_model, self.n_heads, self.n_kv_heads, self.head_dim) < 1:
            raise ValueError(f"{self.name}: layers, widths and heads must be positive")
        if self.n_heads % self.n_kv_heads:
            raise ValueError(f"{self.name}: KV heads must divide query heads")
        if (self.attention == "latent") != (self.latent is not None):
            raise ValueError(f"{self.name}: latent attention needs its dimensions, and only it")
        if self.d_ff < 1 and self.moe is None:
            raise ValueError(f"{self.name}: a dense model needs a feed-forward width")
        if (self.attention == "hybrid-linear") != (self.linear is not None):
            raise ValueError(f"{self.name}: hybrid-linear attention needs its shape, and only it")
        if not 0 <= self.linear_attention_layers <= self.layers:
            raise ValueError(f"{self.name}: linear-attention layers must lie between 0 and all")
        if (self.linear_attention_layers > 0) != (self.linear is not None):
            raise ValueError(f"{self.name}: linear attention needs both its shape and its layers")
        if self.moe is not None and self.moe.first_dense_layers > self.layers:
            raise ValueError(f"{self.name}: more dense layers than layers")
        if self.moe is not None and self.d_ff < 1 and self.expert_layers < self.layers:
            raise ValueError(f"{self.name}: its dense layers need a feed-forward width")
        if self.indexer is not None and (self.latent is None or self.latent.q_lora_rank is None):
            raise ValueError(f"{self.name}: a sparse indexer reads the query latent, there is none")

    @property
    def expert_layers(self) -> int:
        """Layers that hold routed experts; 0 for a dense model."""
        if self.moe is None:
            return 0
        return (self.layers - self.moe.first_dense_layers) // self.moe.layer_step
