"""Models published with a layer that predicts further tokens, and that layer as a model of its own.

Such a layer (multi-token prediction, DeepSeek-V3, arXiv 2412.19437, section 2.2) is one more
transformer layer of the last one's kind on the model's own embedding and head. Trained to predict
one token further, it serves as a draft and is applied once for every drafted token.

Not listed: models whose file names such layers but whose weights leave them out (MiniMax-M2.5,
MiniMax-AI/MiniMax-M2 thread 47), and those without (Kimi-K2 sets ``num_nextn_predict_layers`` 0).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

from solver.catalog.domain import Model
from solver.errors import CatalogError

__all__ = ["PREDICTION_LAYERS", "prediction_layer"]

_DEEPSEEK = "config.json: num_nextn_predict_layers = 1; arXiv 2412.19437, section 2.2"
_GLM = "config.json: num_nextn_predict_layers = 1; arXiv 2508.06471, section 2.1"

PREDICTION_LAYERS: Mapping[str, str] = MappingProxyType(
    {
        "DeepSeek-V3": _DEEPSEEK,
        "DeepSeek-R1": _DEEPSEEK,
        "DeepSeek-V3.1": _DEEPSEEK,
        "DeepSeek-V3.2": _DEEPSEEK,
        "GLM-4.5": _GLM,
        "GLM-4.5-Air": _GLM,
        "GLM-5": "config.json: num_nextn_predict_layers = 1",
        "Qwen3.5-397B-A17B": "config.json: mtp_num_hidden_layers = 1",
    }
)
"""Catalog models whose published weights hold such a layer, and where that is said."""


def prediction_layer(model: Model) -> Model:
    """The prediction layer of a model as a model of one layer, named after it.

    Its tables are those of the model; whoever counts memory must not count them again. In a model
    that mixes attention kinds the layer is of the full kind, as its last layer is.

    Raises
    ------
    CatalogError
        For a model that is not known to be published with one.
    """
    if model.name not in PREDICTION_LAYERS:
        raise CatalogError.one(
            f"{model.name} is not known to be published with a prediction layer",
            where=model.name,
            mend=f"Name a draft model; those with a layer are {', '.join(PREDICTION_LAYERS)}",
        )
    moe = model.moe
    return replace(
        model,
        name=f"{model.name} prediction layer",
        layers=1,
        moe=None if moe is None else replace(moe, first_dense_layers=0, layer_step=1),
        attention="full" if model.linear is not None else model.attention,
        linear_attention_layers=0,
        linear=None,
        stated_params=None,
        stated_active_params=None,
        source=PREDICTION_LAYERS[model.name],
        note=f"One more layer of {model.name} on its embedding and head.",
    )
