"""How much of a quantised checkpoint stays in 16 bits, from the names of the modules left out.

One format stands for all weights of a model here, so a checkpoint of which much stays wide would be
counted too small. Heads, embeddings, norms and routers stay wide in nearly every checkpoint and are
small; of the rest the weights are counted.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from fractions import Fraction

from solver.catalog import parameter_breakdown
from solver.catalog.domain import Model
from solver.errors import InstanceError
from solver.importers.visible import visible

__all__ = ["unquantized_share"]

_SMALL = re.compile(
    r"lm_head|embed|norm|router|vision|visual|multi_modal|mm_proj|audio|\.gate\*?$|^gate$"
    r"|shared_expert_gate|weights_proj|indexer|rotary|eh_proj|mtp|score|sinks"
)
_LAYER = re.compile(r"layers\.(\d+)(?=\D|$)")
_WHOLE_LAYER = re.compile(r"layers\.\d+\.?\*?$")
_PARTS = (
    ("shared experts", re.compile(r"shared_expert")),
    ("routed experts", re.compile(r"experts")),
    ("attention", re.compile(r"attn|attention|[qkvo]_(a_|b_)?proj|qkv|kv_[ab]_proj")),
    ("feed-forward layers", re.compile(r"(gate|up|down|gate_up)_?\)?.*proj|fc[123]|w[123]$")),
    ("whole blocks", re.compile(r"(mlp|feed_forward|ffn|block_sparse_moe|moe)\*?$")),
)


def unquantized_share(names: Sequence[str], model: Model, *, where: str) -> Fraction:
    """Share of the weights that stay in 16 bits, at most; 0 where only small modules do.

    Parameters
    ----------
    names
        Modules or patterns of modules, as the file lists them. A name that tells no layer speaks of
        all layers; layers behind the model's last are those of token prediction and not served.

    Raises
    ------
    InstanceError
        With a name that is not understood: it might be anything.
    """
    left: dict[str, set[int]] = {}
    everything = set(range(model.layers))
    for name in names:
        layers = {int(found) for found in _LAYER.findall(name)}
        if layers and min(layers) >= model.layers:
            continue
        if _WHOLE_LAYER.search(name):
            part = "whole layers"
        elif _SMALL.search(name):
            continue
        else:
            part = next((part for part, words in _PARTS if words.search(name)), "")
        if not part:
            raise InstanceError.one(
                f"leaves {visible(name)} in 16 bits, a module of unknown size",
                where=where,
                mend="Write the model as a [[models]] entry and say design.weight_format",
            )
        left.setdefault(part, set()).update(layers & everything if layers else everything)
    counts = parameter_breakdown(model)
    weights = {
        "attention": counts.attention,
        "feed-forward layers": counts.dense_feed_forward,
        "shared experts": counts.shared_experts,
        "routed experts": counts.routed_experts,
        "whole blocks": counts.dense_feed_forward + counts.shared_experts + counts.routed_experts,
        "whole layers": counts.total - counts.embedding - counts.unembedding,
    }
    wide = sum(
        (Fraction(weights[part] * len(layers), model.layers) for part, layers in left.items()),
        start=Fraction(0),
    )
    return min(wide / counts.total, Fraction(1))
