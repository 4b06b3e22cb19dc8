"""What a deployment says of its plan in words: the point, and what no flag can carry."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from solver.deploy.checkpoints import listed_source
from solver.deploy.engines.contract import ServerPlan
from solver.deploy.fleet_designs import replicas_by_period
from solver.deploy.reading import Place, point_of
from solver.report.numbers import clean, short

__all__ = ["objectives_in_words", "plan_notes"]


def objectives_in_words(document: Mapping[str, Any], point: int) -> str:
    """For the head of a file: name, digest, number of the point and its objectives."""
    whole = Place.of(document, "result")
    name = clean(whole.inner("instance").text("name"), limit=80)
    digest = clean(whole.text("digest"), limit=64)
    units = {each.text("name"): each.text("unit") for each in whole.tables("objectives")}
    values = whole.tables("points")[point].inner("objectives").table
    told = ", ".join(
        f"{clean(key, limit=40)} {short(float(value))} {clean(units.get(key, ''), limit=40)}"
        for key, value in values.items()
        if type(value) in (int, float)
    )
    return f"{name}, digest {digest}, point {point + 1}: {told}"


def plan_notes(
    document: Mapping[str, Any], point: int, plans: Sequence[ServerPlan]
) -> Iterator[str]:
    """What a person has to do or know beside starting the files."""
    question, design = point_of(document, point)
    seen: set[str] = set()
    for plan in plans:
        for note in _of_plan(plan):
            if note not in seen:
                seen.add(note)
                yield note
    if len({plan.design.workload for plan in plans}) > 1:
        yield (
            "Each workload has servers of its own in the plan: send its requests to them, not to "
            "those of another."
        )
    if question.text("kind") == "fleet":
        yield from _of_fleet(question, design)


def _of_plan(plan: ServerPlan) -> Iterator[str]:
    design = plan.design
    if design.clock_mhz is not None:
        yield (
            f"{design.name}: lock the clock at {design.clock_mhz} MHz on its hosts with "
            f"'nvidia-smi -lgc {design.clock_mhz},{design.clock_mhz}' (as root, before the start; "
            "'nvidia-smi -rgc' takes it back). No engine has a flag for it."
        )
    checkpoints = [(plan.model.name, plan.checkpoint)]
    if plan.draft is not None:
        checkpoints.append((plan.draft.name, plan.draft_checkpoint))
    for name, checkpoint in checkpoints:
        if checkpoint is not None and checkpoint.is_listed:
            yield (
                f"{checkpoint.id} is the published checkpoint that our table names for "
                f"{clean(name, limit=60)} ({listed_source()}); --weights names another."
            )
        if checkpoint is not None and checkpoint.is_assumed:
            yield (
                f"{checkpoint.id} is taken to be in {checkpoint.format}, as the plan is; write "
                f"--weights '{clean(name, limit=60)}={checkpoint.id}@FORMAT' if it is not."
            )
    loaded = plan.checkpoint
    if design.kv_bits == 16 and loaded is not None and loaded.format not in (None, "bf16"):
        yield (
            f"{design.name}: the KV cache is planned in 16 bits, which is what engines take unless "
            f"{loaded.id} brings a format of its own for it (kv_cache_scheme in its config.json)."
        )
    if len(design.hosts) > 1:
        yield (
            f"{design.name}: the stages stand on "
            f"{', '.join(clean(host, limit=40) for host in design.hosts)}, in this order; start "
            "rank 0 on the first."
        )
    if design.other_accelerators:
        kinds = ", ".join((design.accelerator, *design.other_accelerators))
        yield (
            f"{design.name}: the stages stand on different devices ({kinds}), so the order of the "
            "hosts is part of the plan."
        )
    if design.visible_devices:
        yield (
            f"{design.name}: the stages stand on devices "
            f"{', '.join(map(str, design.visible_devices))} of one machine, in this order, as "
            "'nvidia-smi' numbers them."
        )
    if plan.format is None:
        yield (
            f"{design.name}: the measurement does not state the format of the weights, so the "
            "checkpoint is taken as it is published; --weights names another if that was measured."
        )
    if design.max_sequences is None and design.phase != "prefill":
        yield (
            f"{design.name}: the measurement does not state how many sequences ran together, so "
            "the engine keeps its own limit."
        )
    if not design.hosts and design.node_devices is None and design.devices > 1:
        yield (
            f"{design.name}: the question does not say how many devices a host has; the "
            f"{design.devices} devices of a replica are taken to be in one."
        )


def _of_fleet(question: Place, design: Place) -> Iterator[str]:
    for name, periods in replicas_by_period(question, design).items():
        told = ", ".join(f"{clean(key, limit=40)} {count}" for key, count in periods.items())
        yield (
            f"{name}: the plan changes with the hour ({told} replicas); the files start the most, "
            "so scale them down in the other hours."
        )
    if design.table.get("shares") is not None and any(
        share.table.get("share") not in (0, 1, 1.0) for share in design.tables("shares")
    ):
        yield (
            "The plan sends requests of different sizes to different replicas; the router does not "
            "look at sizes, so sort them before it."
        )
