"""Speculative decoding of a replica file: the draft, or the served models' own layers."""

from __future__ import annotations

from collections.abc import Sequence

from solver.catalog.prediction_layers import prediction_layer
from solver.errors import FleetError
from solver.instance.calibration_keys import OWN_LAYER, OWN_LAYER_TOKENS, check_own_layer
from solver.instance.domain import Draft
from solver.instance.lookup import Lookup
from solver.instance.quality import ServedModel
from solver.instance.records import DraftRecord

__all__ = ["draft_of"]


def draft_of(
    record: DraftRecord | None, served: Sequence[ServedModel], lookup: Lookup
) -> Draft | None:
    """The draft that a file asks for; ``None`` where it asks for none, or after a fault.

    Of several models that may serve, each has to have a prediction layer where that is asked for;
    the draft holds the layer of the first.
    """
    if record is None:
        return None
    if record.model == OWN_LAYER:
        return _own_layer(record, served, lookup)
    model = lookup.model("draft.model", record.model)
    if model is None:
        return None
    return Draft(
        model=model,
        acceptance=record.acceptance,
        tokens=record.tokens,
        weight_bits=record.weight_bits or model.native_weight_bits,
        pipeline_parallel=record.pipeline_parallel,
    )


def _own_layer(record: DraftRecord, served: Sequence[ServedModel], lookup: Lookup) -> Draft | None:
    check_own_layer(record, lookup)
    layers = []
    for entry in served:
        try:
            layers.append(prediction_layer(entry.model))
        except FleetError as error:
            for fault in error.faults:
                lookup.fault("draft.model", fault.what, fault.mend)
    if not layers:
        # What is wrong with the served model is told already.
        return None
    stated = "tokens" in record.model_fields_set
    return Draft(
        model=layers[0],
        acceptance=record.acceptance,
        tokens=record.tokens if stated else OWN_LAYER_TOKENS,
        weight_bits=served[0].model.native_weight_bits,
        pipeline_parallel=(1,),
        own_layer=True,
    )
