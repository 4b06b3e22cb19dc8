from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from solver.catalog import shipped_catalog
from solver.errors import ResultError
from solver.instance.clocks import ALL_CLOCKS, clocks_of
from solver.instance.domain import Limits, Machine, ReplicaInstance, ReplicaObjective
from solver.instance.economics import ApiOffer, EconomicsTerms, StatedPreference
from solver.instance.energy import EnergyTerms, HourProfile
from solver.instance.ownership import Ownership
from solver.instance.quality import QualityPenalty, ServedModel
from solver.instance.reader import read_replica_instance, replica_instance_from_raw
from solver.instance.resolved import instance_from_resolved, resolved_instance

Small = Callable[..., ReplicaInstance]
INSTANCES = Path(__file__).resolve().parents[3] / "instances" / "replica"
MODELS = [shipped_catalog().model(name) for name in ("Llama-3.1-8B", "Llama-3.1-70B", "Qwen3-8B")]
PLAIN = replica_instance_from_raw(
    {
        "schema": 1,
        "kind": "replica",
        "name": "plain",
        "workload": {"model": "Llama-3.1-8B"},
        "design": {"accelerator": "H100 SXM", "tensor_parallel": [1, 2], "batch": [1, 2]},
        "price": {"usd_per_hour": "2.10"},
    }
)
CLOCKS = clocks_of(ALL_CLOCKS, PLAIN.machines[0].accelerator)

amounts = st.fractions(min_value=0, max_value=1000, max_denominator=1000)
positive = amounts.filter(lambda value: value > 0)
maybe = st.none() | positive
texts = st.text(alphabet="abc µ", min_size=1, max_size=6).filter(lambda text: text.strip() != "")
profiles = st.sampled_from([1, 24, 168]).flatmap(
    lambda hours: st.builds(
        HourProfile, st.lists(amounts, min_size=hours, max_size=hours).map(tuple)
    )
)
energies = st.builds(
    EnergyTerms,
    usd_per_kwh=profiles,
    g_co2_per_kwh=st.none() | profiles,
    pue=amounts.map(lambda more: 1 + more),
    host_w_per_device=st.none() | amounts,
    billed=st.booleans(),
    source=st.just("") | texts,
)
penalties = st.builds(
    QualityPenalty,
    points=amounts,
    source=texts,
    weight_bits=st.none() | st.sampled_from([4, 8, 16]),
    weight_format=st.none() | st.sampled_from(["fp8", "nvfp4"]),
    kv_bits=st.none() | st.sampled_from([8, 16]),
    model=st.none() | st.sampled_from([model.name for model in MODELS]),
)
served = st.sampled_from(MODELS).flatmap(
    lambda model: st.builds(
        ServedModel, model=st.just(model), quality=st.none() | amounts, source=texts
    )
)
economics = st.builds(
    EconomicsTerms,
    tolerance=positive,
    min_speed_tok_per_s=maybe,
    max_ttft_s=maybe,
    utilisations=st.lists(positive, min_size=1, max_size=3).map(tuple),
    api=st.lists(
        st.builds(
            ApiOffer,
            name=texts,
            usd_per_mtok_input=amounts,
            usd_per_mtok_output=amounts,
            source=texts,
            as_of=st.just("2026-10"),
            model=st.just("") | texts,
        ),
        max_size=2,
    ).map(tuple),
    owning=st.none() | st.builds(Ownership, *[positive] * 6),
    preferences=st.lists(
        st.builds(
            StatedPreference,
            name=texts,
            speed_exponent=maybe,
            usd_per_s_saved=maybe,
            answer_tokens=st.none() | st.integers(1, 1000),
            min_quality=maybe,
        ),
        max_size=2,
    ).map(tuple),
)
limits = st.builds(
    Limits, max_j_per_token=maybe, max_watts=maybe, max_g_co2_per_mtok=maybe, min_quality=maybe
)
trade_offs: st.SearchStrategy[tuple[ReplicaObjective, ...]] = st.lists(
    st.sampled_from(get_args(ReplicaObjective)),
    min_size=2,
    max_size=3,
    unique=True,
).map(tuple)


@st.composite
def questions(draw: st.DrawFn) -> ReplicaInstance:
    alternatives = tuple(draw(st.lists(served, max_size=3)))
    clock = draw(st.none() | st.sampled_from(CLOCKS))
    return replace(
        PLAIN,
        model=alternatives[0].model if alternatives else PLAIN.model,
        machines=tuple(replace(machine, clock_mhz=clock) for machine in PLAIN.machines),
        limits=draw(limits),
        trade_off=draw(trade_offs),
        energy=draw(st.none() | energies),
        alternatives=alternatives,
        penalties=tuple(draw(st.lists(penalties, max_size=2))),
        economics=draw(st.none() | economics),
    )


def through_json(question: ReplicaInstance) -> ReplicaInstance:
    return instance_from_resolved(
        json.loads(json.dumps(resolved_instance(question))),
        where=question.source,
        sha256=question.sha256,
    )


@settings(deadline=None, max_examples=40)
@given(questions())
def test_a_question_that_is_written_and_read_is_the_same(question: ReplicaInstance) -> None:
    assert through_json(question) == question


@pytest.mark.parametrize(
    "stem",
    [
        "llama-3.1-70b-clock-h100",
        "llama-3.1-8b-energy-a100",
        "llama-3.1-8b-production-a800",
        "quality-speed-cost-h100",
    ],
)
def test_a_shipped_question_comes_back_from_its_result(stem: str) -> None:
    question = read_replica_instance(INSTANCES / f"{stem}.toml")
    again = through_json(question)
    # What an answer does not depend on is not written.
    assert replace(again, warnings=question.warnings, settings=question.settings) == question


def test_a_plain_question_is_written_with_the_keys_that_it_always_had(small: Small) -> None:
    resolved = resolved_instance(small())
    assert list(resolved) == [
        "kind",
        "name",
        "title",
        "model",
        "context_tokens",
        "machines",
        "design",
        "draft",
        "limits",
        "rules",
        "performance",
    ]
    assert list(resolved["machines"][0]) == ["accelerator", "price"]
    assert list(resolved["limits"]) == [
        "min_speed_tok_per_s",
        "max_cost_usd_per_mtok",
        "max_devices",
        "max_tok_per_s",
        "max_usd_per_hour",
    ]


def test_widths_that_are_each_models_own_stay_so() -> None:
    question = replace(
        PLAIN,
        alternatives=tuple(ServedModel(model) for model in MODELS),
        design=replace(PLAIN.design, weight_bits=(), kv_bits=()),
    )
    assert through_json(question).design == question.design


def damaged(**changes: Any) -> dict[str, Any]:
    full = replace(
        PLAIN,
        trade_off=("quality", "cost"),
        energy=EnergyTerms(usd_per_kwh=HourProfile((Fraction(1, 10),)), billed=True),
        alternatives=(ServedModel(MODELS[0], Fraction(70), "card"),),
        penalties=(QualityPenalty(Fraction(1), "card", weight_bits=8),),
        economics=EconomicsTerms(),
    )
    resolved: dict[str, Any] = json.loads(json.dumps(resolved_instance(full)))
    return {**resolved, **changes}


def energy_with(**changes: Any) -> dict[str, Any]:
    return {"energy": {**damaged()["energy"], **changes}}


def penalty_with(**changes: Any) -> dict[str, Any]:
    return {"penalties": [{**damaged()["penalties"][0], **changes}]}


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        ({"trade_off": ["speed"]}, "trade_off"),
        ({"trade_off": ["speed", "speed"]}, "trade_off"),
        ({"trade_off": ["speed", "fun"]}, "trade_off"),
        ({"trade_off": ["speed", 5]}, "trade_off"),
        ({"trade_off": "speed"}, "trade_off"),
        ({"alternatives": "Llama"}, "alternatives"),
        ({"alternatives": [5]}, "alternatives.0"),
        ({"penalties": {}}, "penalties"),
        (penalty_with(points="-1"), "below zero"),
        (penalty_with(source=""), "source"),
        (penalty_with(more=1), "penalties.0.more"),
        (energy_with(pue="1/2"), "pue"),
        (energy_with(usd_per_kwh=None), "billed"),
        (energy_with(usd_per_kwh={"values": ["1", "2"]}), "2 hours"),
        (energy_with(usd_per_kwh={"values": ["-1"]}), "below zero"),
        (energy_with(billed=1), "billed"),
        ({"economics": {}}, "economics.tolerance is missing"),
        ({"limits": {**damaged()["limits"], "max_watts": "-1"}}, "max_watts"),
    ],
)
def test_a_damaged_result_is_refused_and_says_where(damage: dict[str, Any], words: str) -> None:
    with pytest.raises(ResultError, match=words):
        instance_from_resolved(damaged(**damage))


def test_the_undamaged_result_is_read() -> None:
    assert instance_from_resolved(damaged()).trade_off == ("quality", "cost")


def test_another_model_than_the_first_alternative_is_refused() -> None:
    other = resolved_instance(replace(PLAIN, model=MODELS[1]))["model"]
    with pytest.raises(ResultError, match="not the first"):
        instance_from_resolved(damaged(model=other))


@pytest.mark.parametrize("clock", [10, 1006, 1005.0, True, "1005"])
def test_a_clock_that_the_accelerator_has_not_is_refused(clock: object) -> None:
    resolved = damaged()
    machine = {**resolved["machines"][0], "clock_mhz": clock}
    with pytest.raises(ResultError, match=r"clock|MHz"):
        instance_from_resolved({**resolved, "machines": [machine]})


def test_a_set_clock_is_written_and_one_left_alone_is_not() -> None:
    machine = PLAIN.machines[0]
    both = replace(PLAIN, machines=(machine, Machine(machine.accelerator, machine.price, 1005)))
    written = resolved_instance(both)["machines"]
    assert "clock_mhz" not in written[0]
    assert written[1]["clock_mhz"] == 1005
