"""The engines, and the deployment of a point on one of them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from solver.deploy.checkpoints import checkpoint_of, planned_format
from solver.deploy.decisions import objectives_in_words, plan_notes
from solver.deploy.designs import replica_designs
from solver.deploy.engines.contract import Engine, ServerPlan
from solver.deploy.engines.flag_table import flag_table
from solver.deploy.engines.refusals import common_refusals
from solver.deploy.engines.routing import by_workload, routing_refusals
from solver.deploy.engines.sglang import Sglang
from solver.deploy.engines.trtllm import Trtllm
from solver.deploy.engines.vllm import Vllm
from solver.deploy.hosts import hosts_spanned
from solver.deploy.launch import Deployment, ReplicaDesign, Role
from solver.deploy.model_facts import accelerator_facts, model_facts
from solver.deploy.names import unique_names
from solver.deploy.reading import Place, point_of
from solver.errors import Fault, FleetError, OutputError
from solver.report.numbers import clean

__all__ = ["ENGINES", "build_deployment"]

ENGINES: dict[str, Engine] = {engine.name: engine for engine in (Vllm(), Sglang(), Trtllm())}


def build_deployment(
    document: Mapping[str, Any],
    point: int,
    *,
    engine: str,
    weights: Mapping[str, str],
    served_name: str | None = None,
    longest_tokens: int | None = None,
) -> Deployment:
    """The servers of point ``point`` (from 0) on an engine, as data.

    Parameters
    ----------
    engine
        Key of ``ENGINES``.
    weights
        Name of a model in the catalog to the checkpoint to load: an identifier or an absolute
        path, with ``@FORMAT`` after it where it is not in the plan's format.
    served_name
        The name that clients ask for; the model's own where it is left out.
    longest_tokens
        The longest request to serve, output included; the plan's where it is left out.

    Raises
    ------
    ResultError
        For a damaged document or a point that is not there.
    OutputError
        With every reason why the engine cannot express the point, and for checkpoints that nobody
        names.
    """
    if engine not in ENGINES:
        raise OutputError.one(
            f"{clean(engine, limit=40)!r} is no engine",
            where="--engine",
            mend=f"Choose one of {', '.join(ENGINES)}",
        )
    chosen = ENGINES[engine]
    designs = replica_designs(document, point)
    question, _ = point_of(document, point)
    _check_weights(weights, designs)
    plans = [
        replace(_plan(question, design, served_name), longest_tokens=longest_tokens)
        for design in designs
    ]
    _check_served_name(served_name, plans)
    # Hosts are counted once the devices are known to be ones that the engine runs on.
    _raise_all(fault for plan in plans for fault in (*common_refusals(plan), *chosen.misfits(plan)))
    plans = [replace(plan, nodes=hosts_spanned(plan.design, plan.devices[0])) for plan in plans]
    faults = [fault for plan in plans for fault in chosen.refusals(plan)]
    _raise_all([*faults, *routing_refusals(plans), *chosen.routing_refusals(plans)])
    ready = _with_checkpoints(chosen, plans, weights)
    roles = tuple(chosen.role(plan) for plan in ready)
    table = flag_table(engine)
    return Deployment(
        title=_title(question, point),
        result=objectives_in_words(document, point),
        engine=table.title,
        engine_version=table.version,
        flags_source=table.source,
        roles=roles,
        routers=_routers(chosen, roles),
        notes=(
            *plan_notes(document, point, ready),
            *(note for plan in ready for note in chosen.notes(plan)),
        ),
    )


def _title(question: Place, point: int) -> str:
    name = question.text("title", "") or question.text("name")
    return f"{clean(name, limit=120)}: point {point + 1}"


def _plan(question: Place, design: ReplicaDesign, served_name: str | None) -> ServerPlan:
    model = model_facts(question, design.model)
    devices = tuple(
        accelerator_facts(question, name)
        for name in (design.accelerator, *design.other_accelerators)
    )
    return ServerPlan(
        design=design,
        model=model,
        format=planned_format(design.weight_bits, design.weight_format, model, devices[0]),
        devices=devices,
        nodes=1,
        served_name=served_name if served_name is not None else _plain_name(design.model),
        draft=None if design.draft_model is None else model_facts(question, design.draft_model),
    )


def _plain_name(model: str) -> str:
    """The model's name as a word that no program can misread."""
    return re.sub(r"[^A-Za-z0-9._/-]+", "-", model).strip("-./")[:80] or "model"


def _check_weights(weights: Mapping[str, str], designs: Sequence[ReplicaDesign]) -> None:
    used = {design.model for design in designs}
    used |= {design.draft_model for design in designs if design.draft_model is not None}
    unknown = sorted(set(weights) - used)
    if unknown:
        raise OutputError.one(
            f"the point does not use {clean(unknown[0], limit=60)!r}",
            where="--weights",
            mend=f"It uses {', '.join(clean(name, limit=60) for name in sorted(used))}",
        )


def _check_served_name(served_name: str | None, plans: Sequence[ServerPlan]) -> None:
    if served_name is None:
        return
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._:/-]{0,127}", served_name):
        raise OutputError.one(
            f"{clean(served_name, limit=60)!r} is no name for a served model",
            where="--served-name",
            mend="Begin with a letter or digit and use letters, digits and ._:/- only",
        )
    models = {plan.model.name for plan in plans}
    if len(models) > 1:
        raise OutputError.one(
            f"the point serves {len(models)} models, which cannot share one name",
            where="--served-name",
            mend="Leave it out: each model is served under its own name",
        )


def _raise_all(faults: Iterable[Fault]) -> None:
    found = list(dict.fromkeys(faults))
    if found:
        raise OutputError.all_of(found)


def _with_checkpoints(
    engine: Engine, plans: Sequence[ServerPlan], weights: Mapping[str, str]
) -> list[ServerPlan]:
    """Every plan with what it loads; all that is missing in one error."""
    ready, faults = [], list(_in_two_formats(plans, weights))
    for plan in plans:
        try:
            ready.append(_loaded(engine, plan, weights))
        except FleetError as error:
            faults += [fault for fault in error.faults if fault not in faults]
    _raise_all(faults)
    return ready


def _in_two_formats(plans: Sequence[ServerPlan], weights: Mapping[str, str]) -> Iterable[Fault]:
    """A checkpoint named for a model that the plan computes in two formats."""
    for name in weights:
        forms = sorted({plan.format or "?" for plan in plans if plan.model.name == name})
        if len(forms) > 1:
            yield Fault(
                f"--weights {clean(name, limit=60)}",
                f"the plan computes with {clean(name, limit=60)} in {' and '.join(forms)}, and one "
                "checkpoint cannot be both",
                "Solve again with one design.weight_format, or leave the flag out where both are "
                "published",
            )


def _loaded(engine: Engine, plan: ServerPlan, weights: Mapping[str, str]) -> ServerPlan:
    checkpoint = checkpoint_of(
        plan.design,
        plan.model.name,
        plan.format,
        weights,
        native_bits=plan.model.native_weight_bits,
        online=engine.online_formats,
    )
    unlike = plan.format is not None and checkpoint.format not in (plan.format, None)
    if unlike and not (checkpoint.format == "bf16" and plan.format in engine.online_formats):
        raise OutputError.one(
            f"the checkpoint {checkpoint.id} is in {checkpoint.format}, the plan computes in "
            f"{plan.format}, and {engine.name} cannot turn one into the other while it loads",
            where=plan.where,
            mend=f"Name a checkpoint in {plan.format} with "
            f"--weights '{plan.model.name}=PATH-OR-ID'",
        )
    draft = None
    if plan.draft is not None:
        form = planned_format(plan.design.draft_weight_bits, None, plan.draft, plan.devices[0])
        draft = checkpoint_of(
            plan.design,
            plan.draft.name,
            form or "bf16",
            weights,
            native_bits=plan.draft.native_weight_bits,
            online=engine.online_formats,
        )
    return replace(plan, checkpoint=checkpoint, draft_checkpoint=draft)


def _routers(engine: Engine, roles: Sequence[Role]) -> tuple[Role, ...]:
    """A router for each workload that needs one: ``router``, or ``router-chat`` among several."""
    groups = by_workload((role.design, role) for role in roles)
    found = {key: engine.router(mates) for key, mates in groups.items()}
    names = unique_names(
        (
            *(role.name for role in roles),
            *("router" if len(groups) == 1 else f"router-{work or model}" for work, model in found),
        )
    )[len(roles) :]
    return tuple(
        replace(router, name=name)
        for name, router in zip(names, found.values(), strict=True)
        if router is not None
    )
