"""What a model asks of the machine, layer by layer: attention groups and feed-forward groups.

Layers of equal cost are counted together. A period of ``local + global_`` layers begins with its
local ones; expert layers follow the first dense ones, every ``layer_step``-th.
"""

from __future__ import annotations

from dataclasses import dataclass

from solver.catalog.domain import LatentAttention, LinearAttention, Model, SparseIndexer
from solver.errors import Fault

__all__ = [
    "KNOWN_FEATURES",
    "AttentionGroup",
    "FeedForwardGroup",
    "ModelShape",
    "shape_of",
    "unsupported_model",
]

KNOWN_FEATURES = frozenset({"attention sinks", "sparse attention (DSA)"})
"""Features named in a catalog entry that cost what this model counts: a sink is one more logit a
head, sparse attention is stated by the entry's indexer."""


@dataclass(frozen=True, slots=True)
class AttentionGroup:
    """``layers`` layers of equal attention.

    ``window`` is the tokens a local layer sees, 0 for all; with ``chunked`` a token sees its own
    chunk, half of it on average. One of ``latent`` and ``linear`` is given for MLA and for the
    gated delta rule.
    """

    layers: int
    window: int = 0
    chunked: bool = False
    latent: LatentAttention | None = None
    linear: LinearAttention | None = None
    indexer: SparseIndexer | None = None


@dataclass(frozen=True, slots=True)
class FeedForwardGroup:
    """``layers`` layers of equal feed-forward part: dense (``width``) or routed experts."""

    layers: int
    width: int
    experts: int = 0
    top_k: int = 0
    expert_width: int = 0

    @property
    def routed(self) -> bool:
        """Whether tokens are routed to experts; ``width`` is then that of the shared ones."""
        return self.experts > 0


@dataclass(frozen=True, slots=True)
class ModelShape:
    """A model as groups of layers; widths are in elements."""

    model: Model
    attention: tuple[AttentionGroup, ...]
    feed_forward: tuple[FeedForwardGroup, ...]

    @property
    def gated(self) -> bool:
        """Two up projections, one of them a gate."""
        return self.model.ff_up_matrices == 2


def unsupported_model(model: Model) -> list[Fault]:
    """Features of a model that this performance model does not know; empty where it knows all."""
    unknown = [feature for feature in model.features if feature not in KNOWN_FEATURES]
    faults = [
        Fault(
            model.name,
            f"the calibrated model does not know {feature!r}",
            f"Choose a model without it; known are {', '.join(sorted(KNOWN_FEATURES))}",
        )
        for feature in unknown
    ]
    if model.attention not in ("full", "latent", "hybrid-linear"):
        faults.append(
            Fault(
                model.name,
                f"the calibrated model does not know attention of the kind {model.attention!r}",
                "Known kinds are full, latent and hybrid-linear",
            )
        )
    return faults


def shape_of(model: Model) -> ModelShape:
    """The groups of a model.

    Every layer is counted once in ``attention`` and once in ``feed_forward``.
    """
    return ModelShape(model, _attention(model), _feed_forward(model))


def _attention(model: Model) -> tuple[AttentionGroup, ...]:
    if model.latent is not None:
        return (AttentionGroup(model.layers, latent=model.latent, indexer=model.indexer),)
    full = model.layers - model.linear_attention_layers
    groups = []
    if model.linear is not None:
        groups.append(AttentionGroup(model.linear_attention_layers, linear=model.linear))
    window = model.sliding_window
    if window is None:
        groups.append(AttentionGroup(full))
        return tuple(groups)
    periods, rest = divmod(full, window.local + window.global_)
    local = periods * window.local + min(rest, window.local)
    groups.append(AttentionGroup(local, window=window.window, chunked=window.chunked))
    if full > local:
        groups.append(AttentionGroup(full - local))
    return tuple(groups)


def _feed_forward(model: Model) -> tuple[FeedForwardGroup, ...]:
    moe = model.moe
    if moe is None:
        return (FeedForwardGroup(model.layers, model.d_ff),)
    routed = FeedForwardGroup(
        layers=model.expert_layers,
        width=moe.n_shared_experts * moe.shared_expert_d_ff,
        experts=moe.n_experts,
        top_k=moe.top_k,
        expert_width=moe.expert_d_ff,
    )
    dense = model.layers - model.expert_layers
    return (FeedForwardGroup(dense, model.d_ff), routed) if dense else (routed,)
