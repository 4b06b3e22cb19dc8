"""Drafts of a fleet's workloads: the models behind them, and where they cannot be offered."""

from __future__ import annotations

from collections.abc import Sequence

from solver.catalog.prediction_layers import prediction_layer
from solver.errors import FleetError
from solver.instance.calibration_keys import CALIBRATED, OWN_LAYER, OWN_LAYER_TOKENS
from solver.instance.fleet.domain import DraftOffer, WorkloadModel
from solver.instance.fleet.records import FleetFile
from solver.instance.fleet.workload_records import WorkloadEntry
from solver.instance.lookup import Lookup

__all__ = ["check_drafts", "draft_offer"]


def draft_offer(
    entry: WorkloadEntry, key: str, models: Sequence[WorkloadModel], lookup: Lookup
) -> DraftOffer | None:
    """The draft of one workload; ``None`` where it has none, or a noted fault.

    Parameters
    ----------
    key
        Where the workload stands in the file.
    models
        That may serve it: each needs a prediction layer where that is the draft.
    """
    stated = entry.draft
    if stated is None:
        return None
    if stated.model != OWN_LAYER:
        model = lookup.model(f"{key}.draft.model", stated.model)
        if model is None:
            return None
        return DraftOffer(
            model=model,
            acceptance=stated.acceptance,
            tokens=stated.tokens,
            weight_bits=stated.weight_bits or model.native_weight_bits,
            pipeline_parallel=stated.pipeline_parallel,
        )
    for name, given, why in (
        ("weight_bits", stated.weight_bits is not None, "is stored as the model is"),
        ("pipeline_parallel", stated.pipeline_parallel != (1,), "is a single layer"),
    ):
        if given:
            lookup.fault(f"{key}.draft.{name}", f"a prediction layer {why}", "Leave it out")
    for served in models:
        if served.model is None:
            continue
        try:
            prediction_layer(served.model)
        except FleetError as error:
            for fault in error.faults:
                lookup.fault(f"{key}.draft.model", fault.what, fault.mend)
    return DraftOffer(
        model=None,
        acceptance=stated.acceptance,
        tokens=stated.tokens if "tokens" in stated.model_fields_set else OWN_LAYER_TOKENS,
        weight_bits=0,
        pipeline_parallel=(1,),
    )


def check_drafts(record: FleetFile, lookup: Lookup) -> None:
    """Note drafts beside measured points, another performance model, or separate pools."""
    for entry in record.workloads:
        if entry.draft is None:
            continue
        key = f"workloads.{entry.name}.draft"
        if entry.points is not None:
            lookup.fault(key, "its operating points are measured, drafts and all", "Leave it out")
        elif record.performance.model != CALIBRATED:
            lookup.fault(
                key,
                f"{record.performance.model} serves prompts without a draft that reads them too",
                'Leave it out, or write model = "calibrated" in [performance]',
            )
        elif record.design is not None and "disaggregated" in record.design.phases:
            lookup.fault(
                key,
                "with prefill and decode apart nobody would read prompts for the draft",
                "Leave it out, or offer whole replicas alone: phases = ['aggregated']",
            )
