"""The draft that a fleet's workload offers beside one of its models, and its name in layouts."""

from __future__ import annotations

from solver.catalog.domain import Model
from solver.catalog.prediction_layers import prediction_layer
from solver.instance.domain import Draft
from solver.instance.fleet.domain import Workload

__all__ = ["draft_beside", "drafted_name"]


def draft_beside(workload: Workload, model: Model) -> Draft | None:
    """What drafts for ``model``: the named model, or its own prediction layer; ``None``: nothing.

    Raises
    ------
    CatalogError
        If its own layer is asked for and it has none.
    """
    offer = workload.draft
    if offer is None:
        return None
    if offer.model is not None:
        return Draft(
            model=offer.model,
            acceptance=offer.acceptance,
            tokens=offer.tokens,
            weight_bits=offer.weight_bits,
            pipeline_parallel=offer.pipeline_parallel,
        )
    return Draft(
        model=prediction_layer(model),
        acceptance=offer.acceptance,
        tokens=offer.tokens,
        weight_bits=model.native_weight_bits,
        pipeline_parallel=offer.pipeline_parallel,
        own_layer=True,
    )


def drafted_name(tokens: int) -> str:
    """Added to the name of a layout: `` +3 drafted``, nothing without a draft."""
    return f" +{tokens} drafted" if tokens else ""
