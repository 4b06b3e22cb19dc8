"""The replicas of a point of a fleet question.

Entries that differ in their hour or contract alone are one kind of server: it is started as often
as its busiest hour asks. Prefill replicas hand over to the decode replicas of the same workload and
model.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from solver.deploy.launch import Phase, ReplicaDesign
from solver.deploy.measured_layouts import MeasuredLayout, measured_layout
from solver.deploy.names import unique_names
from solver.deploy.reading import Place, damaged
from solver.deploy.replica_design import counts_engine, hbm_fraction, host_size

__all__ = ["fleet_designs", "replicas_by_period"]

_PHASES: dict[str, Phase] = {
    "aggregated": "aggregated",
    "prefill": "prefill",
    "decode": "decode",
}


@dataclass(frozen=True, slots=True)
class _Kind:
    """One kind of server: its design with count 0, and replicas by period."""

    design: ReplicaDesign
    by_period: dict[str, int]


def fleet_designs(question: Place, design: Place) -> tuple[ReplicaDesign, ...]:
    """Every kind of replica of the point; ``count`` is of the busiest period."""
    kinds = _kinds(question, design)
    designs = [replace(kind.design, count=max(kind.by_period.values())) for kind in kinds]
    return _paired(_named(designs))


def replicas_by_period(question: Place, design: Place) -> dict[str, dict[str, int]]:
    """By name of a design, replicas in each period; of those alone that change with the hour."""
    kinds = _kinds(question, design)
    names = [found.name for found in _named([kind.design for kind in kinds])]
    return {
        name: kind.by_period
        for name, kind in zip(names, kinds, strict=True)
        if set(kind.by_period) != {""}
    }


def _kinds(question: Place, design: Place) -> list[_Kind]:
    served = _sizes_served(design)
    kinds: dict[ReplicaDesign, dict[str, int]] = {}
    for entry in design.tables("replicas"):
        found = _entry(question, entry, served)
        count = entry.whole("count", least=0)
        if count:
            period = entry.text("period", "")
            periods = kinds.setdefault(found, defaultdict(int))
            periods[period] += count
    return [_Kind(found, dict(periods)) for found, periods in kinds.items()]


def _sizes_served(design: Place) -> dict[str, set[str]]:
    """By option, the sizes of requests that the plan sends it; empty where it does not say."""
    served: dict[str, set[str]] = defaultdict(set)
    if design.table.get("shares") is not None:
        for share in design.tables("shares"):
            if share.table.get("share") != 0:
                served[share.text("option")].add(share.text("size"))
    return served


def _entry(question: Place, entry: Place, served: dict[str, set[str]]) -> ReplicaDesign:
    workload = _one_of(question, "workloads", entry.text("workload"))
    machine = _one_of(question, "machines", entry.text("machine"))
    accelerator = machine.inner("accelerator")
    phase = entry.text("phase")
    if phase not in _PHASES:
        raise damaged(entry.at("phase"), f"{phase[:40]!r} is no phase of serving")
    devices = entry.whole("devices")
    layout = _layout(entry, devices)
    sizes = served.get(entry.text("option"), set())
    context, hit = _requests(workload, sizes)
    drafted = layout.draft_tokens
    measured = entry.table.get("measured") is not None
    return ReplicaDesign(
        name="",
        model=entry.text("model"),
        workload=workload.text("name"),
        phase=_PHASES[phase],
        count=0,
        machine=machine.text("name"),
        accelerator=accelerator.text("name"),
        devices=devices,
        node_devices=host_size(machine, accelerator),
        tensor_parallel=layout.tensor_parallel,
        tensor_parallel_2d=layout.tensor_parallel_2d,
        pipeline_parallel=layout.pipeline_parallel,
        expert_parallel=layout.expert_parallel,
        attention_data_parallel=layout.attention_data_parallel,
        weight_bits=layout.weight_bits,
        weight_format=layout.weight_format,
        kv_bits=layout.kv_bits,
        max_sequences=None if phase == "prefill" else layout.batch,
        microbatches=entry.whole("microbatches", default=1),
        context_tokens=context,
        hbm_fraction=hbm_fraction(question),
        counts_engine=counts_engine(question),
        is_measured=measured,
        draft_model=_draft_model(workload) if drafted else None,
        draft_tokens=drafted,
        draft_weight_bits=workload.inner("draft").whole_or_none("weight_bits") if drafted else None,
        clock_mhz=entry.whole_or_none("clock_mhz"),
        region_or_rack=entry.text("region_or_rack", ""),
        prefix_hit=hit,
    )


def _layout(entry: Place, devices: int) -> MeasuredLayout:
    """Degrees of an entry: of its own keys, else of the name of its measured layout."""
    if entry.table.get("tensor_parallel") is None:
        named = measured_layout(entry.text("layout"), devices=devices, where=entry.at("layout"))
        return named if named.batch is not None else replace(named, batch=_batch(entry))
    return MeasuredLayout(
        tensor_parallel=entry.whole("tensor_parallel"),
        tensor_parallel_2d=entry.whole("tensor_parallel_2d", least=0, default=0),
        pipeline_parallel=entry.whole("pipeline_parallel"),
        expert_parallel=entry.whole("expert_parallel", default=1),
        attention_data_parallel=entry.whole("attention_data_parallel", default=1),
        weight_bits=entry.whole_or_none("weight_bits"),
        weight_format=entry.text("weight_format", "") or None,
        kv_bits=entry.whole_or_none("kv_bits"),
        draft_tokens=entry.whole("draft_tokens", least=0, default=0),
        batch=_batch(entry),
    )


def _batch(entry: Place) -> int | None:
    return entry.whole_or_none("batch")


def _one_of(question: Place, key: str, name: str) -> Place:
    for found in question.tables(key):
        if found.text("name") == name:
            return found
    raise damaged(question.at(key), f"has no entry named {name[:40]!r}")


def _requests(workload: Place, sizes: set[str]) -> tuple[int, str | None]:
    """Tokens of the largest of those ``sizes`` (all where empty), and their greatest prefix hit.

    A size is the mean of a class of requests: single ones may be longer.
    """
    longest, hits = 0, set()
    for size in workload.tables("sizes", fewest=1):
        prompt, output = size.whole("input_tokens"), size.whole("output_tokens")
        # The name of a size in results; see RequestSize.label of the instance.
        if sizes and f"{prompt} in, {output} out" not in sizes:
            continue
        longest = max(longest, prompt + output)
        hits.add(size.share("prefix_hit", workload.text("prefix_hit", "0")))
    if not longest:
        raise damaged(workload.at("sizes"), "has none of the sizes that the point serves")
    most = max(hits)
    return longest, str(Fraction(most)) if most else None


def _draft_model(workload: Place) -> str:
    return workload.inner("draft").inner("model").text("name")


def _named(designs: Sequence[ReplicaDesign]) -> list[ReplicaDesign]:
    """Names by workload, then phase and machine, then model and place, as far as needed."""
    several = {
        key: len({getattr(design, key) for design in designs}) > 1
        for key in ("model", "machine", "region_or_rack")
    }
    wanted = []
    for design in designs:
        parts = [design.workload]
        parts += [design.phase] if design.phase != "aggregated" else []
        parts += [design.machine] if several["machine"] else []
        parts += [design.model] if several["model"] and design.workload != design.model else []
        parts += [design.region_or_rack] if several["region_or_rack"] else []
        wanted.append("-".join(part for part in parts if part) or design.model)
    names = unique_names(wanted)
    return [replace(design, name=name) for design, name in zip(designs, names, strict=True)]


def _paired(designs: Sequence[ReplicaDesign]) -> tuple[ReplicaDesign, ...]:
    other = {"prefill": "decode", "decode": "prefill"}
    return tuple(
        replace(
            design,
            paired_with=tuple(
                mate.name
                for mate in designs
                if mate.phase == other.get(design.phase)
                and (mate.workload, mate.model) == (design.workload, design.model)
            ),
        )
        for design in designs
    )
