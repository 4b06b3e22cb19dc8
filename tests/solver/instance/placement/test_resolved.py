"""The question as plain JSON and back."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from solver.errors import ResultError
from solver.instance.placement.domain import (
    LevelRounding,
    MeasuredMachine,
    PlacementDesign,
    PlacementInstance,
    PlacementLimits,
    PlacementMachine,
    PlacementRules,
    ServedShape,
)
from solver.instance.placement.reader import placement_instance_from_raw
from solver.instance.placement.records import TRADE_OFFS
from solver.instance.placement.resolved import placement_from_resolved, resolved_placement
from solver.instance.placement.soundness import unsound
from solver.topology import Host, Link, Switch, Topology
from tests.solver.instance.placement.questions import INLINE, SAMPLES, SOURCES, changed

Read = Callable[..., PlacementInstance]
TEXT = st.text("abc-/ ü.", min_size=1, max_size=6)
SHARE = st.fractions(0, 1).filter(lambda share: share < 1)
POSITIVE = st.fractions(Fraction(1, 1000), 1000, max_denominator=9999)
LEVELS = st.lists(st.integers(1, 10**15), max_size=3, unique=True).map(lambda v: tuple(sorted(v)))
SIZES = st.lists(st.integers(1, 4096), min_size=1, max_size=4, unique=True).map(
    lambda values: tuple(sorted(values))
)


@st.composite
def networks(draw: st.DrawFn, machines: list[str], priced: bool) -> Topology:
    names = draw(st.lists(TEXT.map(lambda text: f"h{text}"), min_size=1, max_size=5, unique=True))
    hosts = tuple(
        Host(
            name,
            draw(st.sampled_from(machines)),
            draw(st.integers(1, 8)),
            draw(st.integers(1, 10**12)),
            draw(st.none() | st.integers(1, 10**12)),
            draw(st.none() | st.integers(0, 10**9)),
            draw(POSITIVE if priced else st.none() | POSITIVE),
        )
        for name in names
    )
    switches = (Switch("leaf", "leaf"), Switch("gate", "gateway"))
    links = tuple(
        Link(f"{node}--leaf", node, "leaf", draw(st.integers(1, 10**12)), draw(st.integers(0, 99)))
        for node in (*names, "gate")
    )
    return Topology(draw(TEXT), hosts, switches, links)


@st.composite
def questions(draw: st.DrawFn) -> PlacementInstance:
    """Sound questions of every trade-off, modelled and measured."""
    base = placement_instance_from_raw(INLINE)
    trade_off = draw(st.sampled_from(TRADE_OFFS))
    measured, chains = draw(st.booleans()), "speed" in trade_off
    design = PlacementDesign(
        draw(SIZES),
        draw(SIZES),
        draw(SIZES),
        draw(st.integers(1, 16)),
        draw(st.integers(1, 16)),
        draw(st.sampled_from(["one", "several"]))
        if trade_off[-1] == "throughput" and chains
        else "one",
    )
    names = draw(st.lists(TEXT, min_size=1, max_size=3, unique=True))
    rates = st.lists(POSITIVE, min_size=1, max_size=3).map(tuple)
    machines = tuple(
        PlacementMachine(
            name,
            None if measured else base.machines[0].accelerator,
            MeasuredMachine(draw(rates), tuple((m, draw(POSITIVE)) for m in design.microbatch))
            if measured
            else None,
            draw(st.none() | st.integers(1, 99)),
        )
        for name in names
    )
    budget = draw(st.none() | POSITIVE) if chains else None
    gate = st.sampled_from([None, "gate"])
    rounding = LevelRounding(draw(LEVELS), draw(LEVELS))
    return replace(
        base,
        trade_off=trade_off,
        model=None if measured else base.model,
        shape=ServedShape(*(draw(st.integers(1, 9999)) for _ in range(3))) if measured else None,
        context_tokens=draw(st.integers(0, 10**6)),
        machines=machines,
        topology=draw(networks(names, "cost" in trade_off or budget is not None)),
        design=design,
        through_hosts=draw(st.booleans()),
        entry=draw(gate),
        exit=draw(gate),
        limits=PlacementLimits(
            draw(st.none() | POSITIVE) if chains else None,
            draw(st.none() | POSITIVE) if "cost" in trade_off else None,
            budget,
            draw(st.none() | st.integers(1, 99)) if chains else None,
        ),
        rules=PlacementRules(draw(st.sampled_from(["transfer", "latency"])), draw(SHARE)),
        rounding=rounding if rounding.bytes_per_s or rounding.latency_ps else None,
        seed=draw(st.integers(0, 99)),
    )


def through_json(question: PlacementInstance) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(json.dumps(resolved_placement(question)))
    return document


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(questions())
def test_the_resolved_question_reads_back_as_itself(question: PlacementInstance) -> None:
    assert unsound(question) == []
    assert placement_from_resolved(through_json(question), where=question.source) == question


@pytest.mark.parametrize("source", SOURCES)
def test_a_question_that_was_read_reads_back_as_itself(source: str) -> None:
    question = placement_instance_from_raw(SOURCES[source], folder=SAMPLES)
    again = placement_from_resolved(through_json(question), where=question.source)
    assert replace(again, warnings=question.warnings) == question


def test_a_format_of_the_weights_reads_back(read: Read) -> None:
    question = read(INLINE, {"performance": None, "design.weight_format": "fp8"})
    document = through_json(question)
    assert document["design"]["weight_format"] == "fp8"
    assert placement_from_resolved(document, where=question.source) == replace(
        question, warnings=()
    )


def test_a_format_that_is_not_said_is_not_written(read: Read) -> None:
    assert "weight_format" not in through_json(read(INLINE))["design"]


def test_where_it_came_from_and_what_is_expected_are_no_part_of_a_question(read: Read) -> None:
    one = read(INLINE)
    other = replace(
        one, source="y", sha256="z", warnings=("w",), settings={"a": 1}, expected_exit_status=3
    )
    assert resolved_placement(one) == resolved_placement(other)


def test_the_network_stands_in_node_link_form(read: Read) -> None:
    topology = resolved_placement(read(INLINE))["topology"]
    assert {node["id"] for node in topology["nodes"]} >= {"a0", "leaf", "gw"}
    assert topology["edges"][0].keys() >= {"source", "target", "bytes_per_s", "latency_ps"}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"kind": "fleet"}, "not of kind 'placement'"),
        ({"topology": None}, "topology is missing"),
        ({"seed": None}, "seed is missing"),
        ({"speed": 3}, "speed is not a known key"),
        ({"seed": "1"}, "seed is not of type int"),
        ({"trade_off": ["cost", "speed"]}, "cost against speed cannot be traded off"),
        ({"model": None, "shape": None}, "model is missing"),
        ({"machines.0.max_layers": 0}, "may hold no layer"),
        ({"machines.0.name": "x"}, "is no machine of the question"),
        ({"machines": []}, "is no machine of the question"),
        ({"entry": "leaf"}, "'leaf' is no gateway"),
        ({"design.microbatch": [8, 1]}, "microbatch is not a sorted list"),
        ({"design.replicas": "several"}, "several replicas"),
        ({"design.weight_format": "int8"}, "format of the weights"),
        ({"design.weight_format": "fp9"}, "format of the weights"),
        ({"limits.max_hosts": 0}, "a limit is not positive"),
        ({"topology.nodes.0.usd_per_hour": None}, "a host has no price"),
        ({"topology.edges.0.bytes_per_s": 0}, "bytes_per_s is 0"),
        ({"topology.edges": []}, "disconnected"),
        ({"rules.hbm_reserve_fraction": "2"}, "HBM kept free"),
    ],
)
def test_a_damaged_question_is_refused(changes: dict[str, Any], words: str, read: Read) -> None:
    document = changed(through_json(read(INLINE)), changes)
    with pytest.raises(ResultError, match=words):
        placement_from_resolved(document)
