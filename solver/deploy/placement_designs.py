"""The pipelines of a point of a placement question: stages on named hosts, of unequal layers."""

from __future__ import annotations

import re
from dataclasses import replace
from fractions import Fraction

from solver.deploy.launch import ReplicaDesign
from solver.deploy.names import unique_names
from solver.deploy.reading import Place, damaged
from solver.deploy.replica_design import counts_engine, hbm_fraction, used_fraction
from solver.errors import ResultError

__all__ = ["placement_designs"]

_DEVICE = re.compile(r"GPU(\d{1,4})")
"""A host of this name is a GPU of one machine (``solver.topology.device_matrix``)."""


def placement_designs(question: Place, design: Place) -> tuple[ReplicaDesign, ...]:
    """One design for each pipeline; each stands on hosts of its own, so ``count`` is 1.

    Raises
    ------
    ResultError
        For a damaged document, a question whose model is only a shape, and stages whose degrees or
        accelerators differ: no engine has one command for them.
    """
    if question.table.get("model") is None:
        raise ResultError.one(
            "the question states the shape of a model, not a model, so there is nothing to load",
            where="result",
            mend="Name a model of the catalog in the instance and solve it again",
        )
    pipelines = (
        (design,) if design.table.get("replicas") is None else design.tables("replicas", fewest=1)
    )
    found = [_pipeline(question, pipeline) for pipeline in pipelines]
    wanted = [f"{each.model}-on-{each.hosts[0]}" if each.hosts else each.model for each in found]
    names = unique_names(wanted)
    return tuple(replace(each, name=name) for each, name in zip(found, names, strict=True))


def _pipeline(question: Place, pipeline: Place) -> ReplicaDesign:
    model = question.inner("model").text("name")
    stages = pipeline.tables("stages", fewest=1)
    degrees = [stage.whole("tensor_parallel") for stage in stages]
    layers = tuple(stage.whole("layers") for stage in stages)
    accelerators = list(dict.fromkeys(_accelerator(stage) for stage in stages))
    hosts = tuple(stage.text("host") for stage in stages)
    _refuse_unequal(pipeline, hosts, degrees)
    if sum(layers) != question.inner("model").whole("layers"):
        raise damaged(pipeline.at("stages"), "do not hold all layers of the model")
    options = question.inner("design")
    numbers = [_DEVICE.fullmatch(host) for host in hosts]
    visible = tuple(int(number[1]) for number in numbers if number)
    within = len(visible) == len(hosts)
    shares = [used for used in map(used_fraction, stages) if used is not None]
    return ReplicaDesign(
        name="",
        model=model,
        workload="",
        phase="aggregated",
        count=1,
        machine=" and ".join(dict.fromkeys(stage.text("machine") for stage in stages)),
        accelerator=accelerators[0],
        other_accelerators=tuple(accelerators[1:]),
        devices=sum(degrees),
        node_devices=sum(degrees) if within else degrees[0],
        tensor_parallel=degrees[0],
        tensor_parallel_2d=0,
        pipeline_parallel=len(stages),
        expert_parallel=1,
        attention_data_parallel=1,
        weight_bits=options.whole_or_none("weight_bits"),
        weight_format=options.text("weight_format", "") or None,
        kv_bits=options.whole_or_none("kv_bits"),
        max_sequences=pipeline.whole("batch"),
        microbatches=pipeline.whole("in_flight", default=1),
        context_tokens=question.whole("context_tokens"),
        hbm_fraction=hbm_fraction(question),
        hbm_used_fraction=str(max(map(Fraction, shares))) if shares else None,
        counts_engine=counts_engine(question),
        layers_by_stage=layers if len(set(layers)) > 1 else (),
        hosts=() if within else hosts,
        visible_devices=visible if within else (),
    )


def _accelerator(stage: Place) -> str:
    if stage.table.get("accelerator") is None:
        raise ResultError.one(
            "the stage was measured on a machine whose accelerator the question does not name",
            where=stage.where,
            mend="Name the accelerator of the machine in the instance and solve it again",
        )
    return stage.text("accelerator")


def _refuse_unequal(pipeline: Place, hosts: tuple[str, ...], degrees: list[int]) -> None:
    if len(set(degrees)) > 1:
        told = ", ".join(f"{host} {degree}" for host, degree in zip(hosts, degrees, strict=True))
        raise ResultError.one(
            f"the stages have tensor parallelism of unequal degree ({told[:200]}), and every "
            "engine here has one degree for the whole pipeline",
            where=pipeline.at("stages"),
            mend="Choose another point, or solve again with one design.tensor_parallel",
        )
