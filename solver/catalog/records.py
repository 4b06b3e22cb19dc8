"""The shape of catalog entries in a file, and their way into the domain and back.

Private to the catalog's door: pydantic records in the units people write (GB, TFLOP/s, Gbit/s),
which forbid unknown keys, become the immutable SI classes of ``domain``. Decimals stay decimals
until the last step, so that ``hbm_gb = 80`` is 80 000 000 000 bytes and ``"2.95"`` is 59/20 of a
dollar. The way back (``*_keys``) serves entries that extend another one, and gives exactly the same
entry again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from decimal import Decimal
from fractions import Fraction
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainValidator, WithJsonSchema

from solver.catalog.domain import (
    Accelerator,
    AttentionKind,
    CollectiveFamily,
    LatentAttention,
    LinearAttention,
    MixtureOfExperts,
    Model,
    Price,
    QueryKeyNorm,
    SlidingWindow,
    SparseIndexer,
)

__all__ = [
    "AcceleratorRecord",
    "ModelRecord",
    "PriceRecord",
    "accelerator_keys",
    "model_keys",
]

_FREE_TEXT_DATE = r"^\d{4}(-(0[1-9]|1[0-2]))?$"


def _decimal(value: object) -> Decimal:
    """A TOML number as an exact decimal; text and booleans are refused."""
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        raise ValueError("should be a number")
    if value != value:  # NaN is the only number that differs from itself
        raise ValueError("should be a number")
    # repr gives back the digits that were written; a float never holds more than it shows.
    return Decimal(repr(value)) if isinstance(value, float) else Decimal(value)


def _dollars(value: object) -> Fraction:
    """``"2.95"``, ``"113/75"`` or a whole number as an exact fraction."""
    if isinstance(value, bool) or not isinstance(value, int | str | Decimal):
        raise ValueError('should be a decimal in quotes, or "p/q"')
    try:
        amount = Fraction(value)
    except (ValueError, ZeroDivisionError, OverflowError) as error:
        raise ValueError('should be a decimal in quotes, or "p/q"') from error
    if amount <= 0:
        raise ValueError("should be greater than 0")
    return amount


def _by_bits(value: object) -> object:
    """Table keys are text in TOML; operand widths are whole numbers of bits."""
    if not isinstance(value, Mapping):
        return value
    return {int(k) if isinstance(k, str) and k.isdecimal() else k: v for k, v in value.items()}


def _tuple(value: object) -> object:
    return tuple(value) if isinstance(value, list) else value


_Number = Annotated[Decimal, BeforeValidator(_decimal), WithJsonSchema({"type": "number"})]
_Dollars = Annotated[
    Fraction,
    PlainValidator(_dollars),
    WithJsonSchema({"type": ["string", "integer"], "description": 'Decimal in quotes, or "p/q".'}),
]
_Positive = Annotated[_Number, Field(gt=0)]
_PositiveOrInf = Annotated[
    Decimal,
    Field(allow_inf_nan=True),
    BeforeValidator(_decimal),
    WithJsonSchema({"type": "number"}),
    Field(gt=0),
]
_Rates = Annotated[
    dict[Annotated[int, Field(gt=0)], _Positive],
    BeforeValidator(_by_bits),
    Field(min_length=1),
    WithJsonSchema(
        {
            "type": "object",
            "minProperties": 1,
            "patternProperties": {"^[0-9]+$": {"type": "number", "exclusiveMinimum": 0}},
            "additionalProperties": False,
        }
    ),
]
_Count = Annotated[int, Field(ge=1)]
_CountOrZero = Annotated[int, Field(ge=0)]


class _Record(BaseModel):
    """Strict, frozen, no unknown keys; ``description`` tells a user what a key wants."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class _Sourced(_Record):
    """Where a figure came from and when it was true."""

    source: str = Field(min_length=1, description="where the figures come from")
    as_of: str = Field(pattern=_FREE_TEXT_DATE, description='the date of the source, "YYYY-MM"')
    note: str = Field(default="", description="a remark")


class AcceleratorRecord(_Sourced):
    """One ``[[accelerators]]`` table."""

    name: str = Field(min_length=1, description="a name")
    vendor: str = Field(min_length=1, description="the maker")
    year: int = Field(ge=1990, le=2100, description="the year of introduction")
    tflop_per_s: _Rates = Field(
        description="dense peak in TFLOP/s by operand bits, such as { 16 = 989, 8 = 1979 }"
    )
    hbm_gb: _Positive = Field(description="memory in GB of 10^9 bytes")
    hbm_gb_per_s: _Positive = Field(description="memory bandwidth in GB/s")
    scale_up_gb_per_s: _PositiveOrInf = Field(
        description="bandwidth out of one device inside its node, one direction, in GB/s"
    )
    scale_out_gbit_per_s: _PositiveOrInf = Field(
        description="bandwidth out of one device between nodes, one direction, in Gbit/s"
    )
    node_devices: _Count = Field(description="the number of devices in a node")
    kernel_launch_us: Annotated[_Number, Field(ge=0)] = Field(
        description="time from one kernel to the next in microseconds"
    )
    collectives: CollectiveFamily = Field(default="nccl", description='"nccl" or "linear"')
    tdp_w: _Positive | None = Field(default=None, description="board power in W")
    all_in_w: _Positive | None = Field(default=None, description="power with its share of all else")
    idle_w: _Positive | None = Field(default=None, description="idle power in W")
    confidence: str = Field(default="", description="how sure the figures are")

    def to_domain(self) -> Accelerator:
        """The accelerator in SI units.

        Raises
        ------
        ValueError
            If the memory is not a whole number of bytes, or the domain refuses the figures.
        """
        hbm_bytes = self.hbm_gb.scaleb(9)
        if hbm_bytes != int(hbm_bytes):
            raise ValueError(f"hbm_gb = {self.hbm_gb} is not a whole number of bytes")
        return Accelerator(
            name=self.name,
            vendor=self.vendor,
            year=self.year,
            flop_per_s={bits: float(rate.scaleb(12)) for bits, rate in self.tflop_per_s.items()},
            hbm_bytes=int(hbm_bytes),
            hbm_bytes_per_s=float(self.hbm_gb_per_s.scaleb(9)),
            scale_up_bytes_per_s=float(self.scale_up_gb_per_s.scaleb(9)),
            scale_out_bytes_per_s=float(self.scale_out_gbit_per_s.scaleb(9) / 8),
            node_devices=self.node_devices,
            kernel_launch_s=float(self.kernel_launch_us.scaleb(-6)),
            collectives=self.collectives,
            tdp_w=None if self.tdp_w is None else float(self.tdp_w),
            all_in_w=None if self.all_in_w is None else float(self.all_in_w),
            idle_w=None if self.idle_w is None else float(self.idle_w),
            source=self.source,
            as_of=self.as_of,
            confidence=self.confidence,
            note=self.note,
        )


def _scaled(value: float, power: int) -> Decimal:
    """``value`` times a power of ten, in the digits that ``value`` shows."""
    return Decimal(repr(value)).scaleb(power)


def accelerator_keys(accelerator: Accelerator) -> dict[str, Any]:
    """The table a file would hold for ``accelerator``; keys at their default may be present."""
    power = {
        key: None if value is None else _scaled(value, 0)
        for key in ("tdp_w", "all_in_w", "idle_w")
        for value in (getattr(accelerator, key),)
    }
    same = ("name", "vendor", "year", "node_devices", "collectives", "source", "as_of")
    return {
        **{key: getattr(accelerator, key) for key in (*same, "confidence", "note")},
        **power,
        "tflop_per_s": {b: _scaled(rate, -12) for b, rate in accelerator.flop_per_s.items()},
        "hbm_gb": Decimal(accelerator.hbm_bytes).scaleb(-9),
        "hbm_gb_per_s": _scaled(accelerator.hbm_bytes_per_s, -9),
        "scale_up_gb_per_s": _scaled(accelerator.scale_up_bytes_per_s, -9),
        "scale_out_gbit_per_s": _scaled(accelerator.scale_out_bytes_per_s, -9) * 8,
        "kernel_launch_us": _scaled(accelerator.kernel_launch_s, 6),
    }


class PriceRecord(_Sourced):
    """One ``[[prices]]`` table."""

    accelerator: str = Field(min_length=1, description="the name of an accelerator")
    tier: str = Field(min_length=1, description='the kind of price, such as "on-demand"')
    usd_per_hour: _Dollars = Field(description='US$ per device-hour: "2.95" or "113/75"')
    estimate: bool = Field(default=False, description="true where the source only guesses")

    def to_domain(self) -> Price:
        """The price as an exact fraction of a dollar."""
        return Price(
            accelerator=self.accelerator,
            tier=self.tier,
            usd_per_hour=self.usd_per_hour,
            as_of=self.as_of,
            source=self.source,
            estimate=self.estimate,
            note=self.note,
        )


class _MoeRecord(_Record):
    n_experts: _Count = Field(description="the number of routed experts in a layer")
    top_k: _Count = Field(description="the number of experts a token uses")
    expert_d_ff: _Count = Field(description="the hidden width of one expert")
    n_shared_experts: _CountOrZero = Field(default=0, description="experts every token uses")
    shared_expert_d_ff: _CountOrZero = Field(default=0, description="width of one shared expert")
    first_dense_layers: _CountOrZero = Field(default=0, description="leading layers w/o experts")
    layer_step: _Count = Field(default=1, description="every how many layers experts come")
    router_bias: bool = Field(default=False, description="true if the router adds a bias")
    shared_expert_gate: bool = Field(default=False, description="true if a gate scales them")


class _LatentRecord(_Record):
    kv_lora_rank: _Count = Field(description="the width of the key-value latent")
    q_lora_rank: _Count | None = Field(default=None, description="the width of the query latent")
    qk_nope_head_dim: _Count = Field(description="the width of a key without position")
    qk_rope_head_dim: _Count = Field(description="the width of the rotary key")
    v_head_dim: _Count = Field(description="the width of a value head")


class _LinearRecord(_Record):
    n_key_heads: _Count = Field(description="the number of key heads")
    n_value_heads: _Count = Field(description="the number of value heads")
    key_head_dim: _Count = Field(description="the width of a key head")
    value_head_dim: _Count = Field(description="the width of a value head")
    conv_width: _Count = Field(description="the width of the short convolution")


class _IndexerRecord(_Record):
    n_heads: _Count = Field(description="the number of indexer heads")
    head_dim: _Count = Field(description="the width of an indexer head")
    top_k: _Count = Field(description="the number of tokens picked")


class _WindowRecord(_Record):
    window: _Count = Field(description="the window in tokens")
    local: _Count = Field(description="windowed layers in a period")
    global_: _CountOrZero = Field(alias="global", description="full layers in a period")
    chunked: bool = Field(default=False, description="true for chunks, false for sliding")


class ModelRecord(_Sourced):
    """One ``[[models]]`` table."""

    name: str = Field(min_length=1, description="a name")
    family: str = Field(min_length=1, description="the architecture, such as llama")
    layers: _Count = Field(description="the number of layers")
    d_model: _Count = Field(description="the width of the residual stream")
    n_heads: _Count = Field(description="the number of query heads")
    n_kv_heads: _Count = Field(description="the number of key-value heads")
    head_dim: _Count = Field(description="the width of a head")
    d_ff: _CountOrZero = Field(default=0, description="the hidden width of a dense layer")
    ff_matrices: Annotated[tuple[_Count, _Count], BeforeValidator(_tuple)] = Field(
        default=(2, 1), description="matrices up and down: [2, 1] gated, [1, 1] plain"
    )
    vocab: _CountOrZero = Field(description="the number of rows of the embedding table")
    attention: AttentionKind = Field(default="full", description="full, latent or hybrid-linear")
    latent: _LatentRecord | None = Field(default=None, description="the shape of MLA")
    moe: _MoeRecord | None = Field(default=None, description="the experts")
    sliding_window: _WindowRecord | None = Field(default=None, description="the local layers")
    linear_attention_layers: _CountOrZero = Field(default=0, description="layers without a cache")
    linear: _LinearRecord | None = Field(default=None, description="the shape of those layers")
    indexer: _IndexerRecord | None = Field(default=None, description="the sparse selector")
    parallel_block: bool = Field(default=False, description="true if both halves run side by side")
    tied_embeddings: bool = Field(default=False, description="true if output shares the embedding")
    max_context_tokens: _Count | None = Field(default=None, description="the longest context")
    native_weight_bits: _Count = Field(default=16, description="bits of a published weight")
    native_kv_bits: _Count = Field(default=16, description="bits of a cached number")
    stated_params_b: _Positive | None = Field(default=None, description="billions of weights")
    stated_active_params_b: _Positive | None = Field(default=None, description="billions, active")
    norms_per_layer: _CountOrZero = Field(default=2, description="norms in a block")
    norm_bias: bool = Field(default=False, description="true if norms have a bias")
    query_key_norm: QueryKeyNorm = Field(default="none", description="none, head or projection")
    qkv_bias: bool = Field(default=False, description="true if q, k and v have a bias")
    output_bias: bool = Field(default=False, description="true if the attention output has a bias")
    ff_bias: bool = Field(default=False, description="true if feed-forward layers have a bias")
    unembedding_bias: bool = Field(default=False, description="true if the output has a bias")
    learned_positions: _CountOrZero = Field(default=0, description="rows of a position table")
    attention_output_gate: bool = Field(default=False, description="true if a gate scales it")
    features: Annotated[tuple[str, ...], BeforeValidator(_tuple)] = Field(
        default=(), description="a list of what no key carries"
    )
    confidence: str = Field(default="", description="how sure the figures are")

    def to_domain(self) -> Model:
        """The model; raises ``ValueError`` where the domain refuses the figures."""
        values = {key: getattr(self, key) for key in type(self).model_fields}
        values["ff_up_matrices"], values["ff_down_matrices"] = values.pop("ff_matrices")
        for key in ("stated_params", "stated_active_params"):
            billions = values.pop(f"{key}_b")
            values[key] = None if billions is None else float(billions.scaleb(9))
        for key, kind in _NESTED.items():
            if values[key] is not None:
                values[key] = kind(**dict(values[key]))
        return Model(**values)


_NESTED: dict[str, type] = {
    "latent": LatentAttention,
    "moe": MixtureOfExperts,
    "sliding_window": SlidingWindow,
    "linear": LinearAttention,
    "indexer": SparseIndexer,
}


def model_keys(model: Model) -> dict[str, Any]:
    """The table a file would hold for ``model``; keys at their default may be present."""
    keys = asdict(model)
    keys["ff_matrices"] = (keys.pop("ff_up_matrices"), keys.pop("ff_down_matrices"))
    for key in ("stated_params", "stated_active_params"):
        count = keys.pop(key)
        keys[f"{key}_b"] = None if count is None else _scaled(count, -9)
    if keys["sliding_window"] is not None:
        keys["sliding_window"]["global"] = keys["sliding_window"].pop("global_")
    return keys
