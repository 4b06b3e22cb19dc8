"""The one replica that a point of a replica question is, economic questions included."""

from __future__ import annotations

from fractions import Fraction

from solver.deploy.launch import ReplicaDesign
from solver.deploy.names import unique_names
from solver.deploy.reading import Place, damaged

__all__ = [
    "counts_engine",
    "hbm_fraction",
    "host_size",
    "machine_of",
    "replica_design",
    "used_fraction",
]


def replica_design(question: Place, design: Place) -> tuple[ReplicaDesign, ...]:
    """The design of one point of a replica question; count is 1.

    ``context_tokens`` is the longest request: prompt and output where the question states them,
    else the context it states.
    """
    model = design.text("model", question.inner("model").text("name"))
    accelerator = design.text("accelerator")
    traffic = question.inner_or_none("traffic")
    if traffic is None:
        context: int | None = question.whole("context_tokens")
        prefix = None
    else:
        context = traffic.whole("input_tokens") + traffic.whole("output_tokens")
        hit = traffic.share("prefix_hit", "0")
        prefix = str(hit) if hit else None
    draft = design.inner_or_none("draft")
    drafted = design.whole("draft_tokens", least=0, default=0)
    return (
        ReplicaDesign(
            name=unique_names([model])[0],
            model=model,
            workload="",
            phase="aggregated",
            count=1,
            machine=accelerator,
            accelerator=accelerator,
            devices=design.whole("devices"),
            node_devices=host_size(machine_of(question, accelerator)),
            tensor_parallel=design.whole("tensor_parallel"),
            tensor_parallel_2d=design.whole("tensor_parallel_2d", least=0, default=0),
            pipeline_parallel=design.whole("pipeline_parallel"),
            expert_parallel=design.whole("expert_parallel", default=1),
            attention_data_parallel=design.whole("attention_data_parallel", default=1),
            weight_bits=design.whole_or_none("weight_bits"),
            weight_format=design.text("weight_format", "") or None,
            kv_bits=design.whole_or_none("kv_bits"),
            max_sequences=design.whole("batch"),
            microbatches=design.whole("microbatches", default=1),
            context_tokens=context,
            hbm_fraction=hbm_fraction(question),
            draft_model=_draft_model(question, draft) if drafted else None,
            draft_tokens=drafted,
            draft_weight_bits=None if draft is None else draft.whole_or_none("weight_bits"),
            clock_mhz=design.whole_or_none("clock_mhz"),
            prefix_hit=prefix,
            hbm_used_fraction=used_fraction(design),
            counts_engine=counts_engine(question),
        ),
    )


def _draft_model(question: Place, draft: Place | None) -> str:
    if draft is not None and draft.table.get("model") is not None:
        return draft.text("model")
    return question.inner("draft").inner("model").text("name")


def machine_of(question: Place, accelerator: str) -> Place:
    """The accelerator of that name among the machines of the question."""
    for machine in question.tables("machines"):
        found = machine.inner_or_none("accelerator")
        if found is not None and found.text("name") == accelerator:
            return found
    raise damaged(question.at("machines"), f"has no accelerator {accelerator!r}")


def host_size(*machines: Place) -> int | None:
    """Devices of a host: the first stated that is above 1; None where nobody says.

    One device a node means that devices are had singly or share no scale-up link, not that hosts
    have one.
    """
    sizes = (machine.whole("node_devices", default=1) for machine in machines)
    return next((size for size in sizes if size > 1), None)


def hbm_fraction(question: Place) -> str:
    """Share of HBM that the plan lets the engine use, as an exact text: ``9/10``."""
    return str(1 - question.inner("rules").share("hbm_reserve_fraction", "0"))


def counts_engine(question: Place) -> bool:
    """Whether the model of performance counts the engine's own HBM, as the calibrated one does."""
    performance = question.inner_or_none("performance")
    return performance is not None and performance.text("model", "") == "calibrated"


def used_fraction(design: Place) -> str | None:
    """Share of a device's HBM that weights and caches take, where the point says so."""
    used, capacity = (design.table.get(f"hbm_{key}_bytes") for key in ("used", "capacity"))
    if used is None or capacity is None:
        return None
    numbers = [used, capacity]
    if any(type(number) not in (int, float) or not 0 < number < 1e18 for number in numbers):
        raise damaged(design.at("hbm_used_bytes"), "is no number of bytes, or its capacity is none")
    return str(Fraction(used) / Fraction(capacity))
