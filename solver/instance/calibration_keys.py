"""Keys of a replica file that belong to one performance model, and what they need beside them."""

from __future__ import annotations

from fractions import Fraction

from solver.catalog.domain import Model
from solver.instance.domain import Traffic
from solver.instance.lookup import Lookup
from solver.instance.records import DraftRecord, ReplicaFile
from solver.instance.services.replica_door import service_traffic

__all__ = [
    "CALIBRATED",
    "OWN_LAYER",
    "OWN_LAYER_TOKENS",
    "check_calibration",
    "check_lengths",
    "check_own_layer",
    "traffic_of",
]

CALIBRATED = "calibrated"
OWN_LAYER = "mtp"
"""What a question calls the served model's own prediction layer."""
OWN_LAYER_TOKENS = (0, 1, 2, 3)
"""Draft lengths on offer with it where the question gives none: a layer trained to predict one
token further is seldom right beyond a few."""
_CHOOSE = 'or write model = "calibrated" in [performance]'


def check_calibration(record: ReplicaFile, lookup: Lookup) -> None:
    """Note keys that the performance model of the file does not know."""
    name, calibrated = record.performance.model, record.performance.model == CALIBRATED
    if calibrated:
        for key in ("flop_efficiency", "hbm_efficiency"):
            if getattr(record.performance, key) is not None:
                lookup.fault(
                    f"performance.{key}",
                    "the calibrated model has efficiencies of its own, measured kernel by kernel",
                    'Leave it out, or write model = "epoch2025" in [performance]',
                )
    else:
        given = (
            ("design.weight_format", record.design.weight_format, "Write weight_bits"),
            ("workload.input_tokens", record.workload.input_tokens, "Write context_tokens"),
            ("workload.output_tokens", record.workload.output_tokens, "Leave it out"),
            ("workload.prefix_hit", record.workload.prefix_hit, "Leave it out"),
            ("limits.max_ttft_s", record.limits.max_ttft_s, "Leave it out"),
            ("performance.constants", record.performance.constants, "Leave it out"),
        )
        if record.draft is not None and record.draft.model == OWN_LAYER:
            what = f"{name} does not know prediction layers"
            lookup.fault("draft.model", what, f"Name a draft model, {_CHOOSE}")
        for key, value, instead in given:
            if value is not None:
                lookup.fault(key, f"{name} does not know it", f"{instead}, {_CHOOSE}")
    if record.design.weight_format is not None and record.design.weight_bits is not None:
        lookup.fault(
            "design.weight_format",
            "weight_bits says the same in other words",
            "Keep one of the two",
        )


def check_own_layer(record: DraftRecord, lookup: Lookup) -> None:
    """Note keys that a prediction layer leaves no choice of."""
    fixed = (
        ("weight_bits", record.weight_bits is not None, "is stored as the model is"),
        (
            "pipeline_parallel",
            record.pipeline_parallel != (1,),
            "is a single layer, on the devices of the model",
        ),
    )
    for key, given, why in fixed:
        if given:
            lookup.fault(f"draft.{key}", f"a prediction layer {why}", "Leave it out")


def traffic_of(record: ReplicaFile, lookup: Lookup) -> Traffic | None:
    """Prompts and answers of a file, ``None`` where it has none or a fault stands in the way."""
    workload = record.workload
    if workload.service is not None:
        return service_traffic(workload.service.to_domain())
    prompt, answer = workload.input_tokens, workload.output_tokens
    if lookup.has_fault("workload.input_tokens", "workload.output_tokens", "workload.service"):
        # A faulty length is left out here, and that it is missing is no news.
        return None
    if prompt is None or answer is None:
        if prompt is not None or answer is not None:
            lone, missing = (
                ("input_tokens", "output_tokens")
                if answer is None
                else ("output_tokens", "input_tokens")
            )
            lookup.fault(
                f"workload.{lone}",
                f"{missing} is missing, and prompts come at the rate that answers end",
                f"Add workload.{missing}, or leave both out",
            )
            return None
        needs_prompts = (
            ("workload.prefix_hit", workload.prefix_hit),
            ("limits.max_ttft_s", record.limits.max_ttft_s),
        )
        for key, value in needs_prompts:
            if value is not None and record.performance.model == CALIBRATED:
                lookup.fault(
                    key,
                    "the question has no prompts",
                    "Add workload.input_tokens and workload.output_tokens, or leave it out",
                )
        return None
    return Traffic(prompt, answer, workload.prefix_hit or Fraction(0))


def check_lengths(model: Model, context: int, traffic: Traffic | None, lookup: Lookup) -> None:
    """Note lengths beyond the context of a model."""
    longest = model.max_context_tokens
    if longest is None or lookup.has_fault("workload.service"):
        # Calls of a service that are too long are told by the service.
        return
    whole = traffic.input_tokens + traffic.output_tokens if traffic else 0
    if whole > longest:
        lookup.fault(
            "workload.output_tokens",
            f"prompt and answer hold {whole} tokens, beyond the {longest} of {model.name}",
            f"Ask for at most {longest} together, or add a model entry with a longer context",
        )
    elif context > longest:
        lookup.fault(
            "workload.context_tokens",
            f"{context} is beyond the {longest} tokens of {model.name}",
            f"Ask for at most {longest}, or add a model entry with a longer context",
        )
