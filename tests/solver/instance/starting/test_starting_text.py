"""A first instance from a few answers."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import solver
from solver.catalog import shipped_catalog
from solver.errors import InstanceError
from solver.instance.fleet.domain import FleetInstance
from solver.instance.placement.domain import PlacementInstance
from solver.instance.starting.questions import QUESTIONS
from solver.instance.starting.text import starting_text, template_text

MODELS = ("Llama-3.1-8B", "Llama-3.1-70B", "Mixtral-8x7B", "DeepSeek-V3", "gpt-oss-120b")
ACCELERATORS = ("H100 SXM", "A100-80GB SXM", "L40S", "V100-32GB SXM", "MI300X", "B200 SXM")


def read(text: str, folder: Path) -> solver.ReplicaInstance | FleetInstance | PlacementInstance:
    path = folder / "question.toml"
    path.write_text(text, encoding="utf-8")
    question = solver.read_instance(path)
    assert isinstance(question, solver.ReplicaInstance | FleetInstance | PlacementInstance)
    return question


@pytest.mark.parametrize("kind", sorted(QUESTIONS))
def test_no_answers_give_the_template(kind: str) -> None:
    assert starting_text(kind, {}) == template_text(kind)


@pytest.mark.parametrize("kind", sorted(QUESTIONS))
def test_there_are_five_questions_and_their_own_answers_make_a_question(
    kind: str, tmp_path: Path
) -> None:
    assert len(QUESTIONS[kind]) == 5
    answers = {question.key: question.default for question in QUESTIONS[kind]}
    assert read(starting_text(kind, answers), tmp_path).kind == kind


@settings(max_examples=12, deadline=None)
@given(
    model=st.sampled_from(MODELS),
    accelerator=st.sampled_from(ACCELERATORS),
    context=st.integers(1, 32_768),
    price=st.decimals("0.01", 100, places=3),
    speed=st.integers(1, 100),
)
def test_a_replica_says_what_was_answered(
    tmp_path_factory: pytest.TempPathFactory,
    model: str,
    accelerator: str,
    context: int,
    price: object,
    speed: int,
) -> None:
    answers = {
        "model": model,
        "accelerator": accelerator,
        "context_tokens": str(context),
        "usd_per_hour": str(price),
        "min_speed": str(speed),
    }
    question = read(starting_text("replica", answers), tmp_path_factory.mktemp("asked"))
    assert isinstance(question, solver.ReplicaInstance)
    assert question.model.name == model
    assert question.context_tokens == context
    (machine,) = question.machines
    assert machine.accelerator.name == accelerator
    assert machine.price.usd_per_hour == pytest.approx(float(str(price)))
    assert question.limits.min_speed_tok_per_s == speed


def test_a_fleet_says_what_was_answered_and_nothing_of_the_template_besides(
    tmp_path: Path,
) -> None:
    answers = {
        "model": "Llama-3.1-70B",
        "accelerator": "L40S",
        "requests_per_s": "2.5",
        "input_tokens": "2,000",
        "output_tokens": "100",
    }
    text = starting_text("fleet", answers)
    fleet = read(text, tmp_path)
    assert isinstance(fleet, FleetInstance)
    (workload,) = fleet.workloads
    (machine,) = fleet.machines
    assert workload.models[0].model.name == "Llama-3.1-70B"
    assert machine.accelerator.name == "L40S"
    assert fleet.limits.max_usd_per_hour is None
    assert 'requests_per_s = "2.5"' in text
    assert "input_tokens = 2000 " in text


def test_a_placement_takes_two_machines_even_of_one_kind(tmp_path: Path) -> None:
    answers = {"accelerator": "H100 SXM", "second_accelerator": "H100 SXM"}
    placement = read(starting_text("placement", answers), tmp_path)
    assert isinstance(placement, PlacementInstance)
    assert {machine.accelerator.name for machine in placement.machines} == {"H100 SXM"}


@pytest.mark.parametrize("kind", sorted(QUESTIONS))
def test_remarks_of_the_template_stay(kind: str) -> None:
    text = starting_text(kind, {"model": "Llama-3.1-8B"})
    remarks = [line for line in template_text(kind).splitlines() if line.startswith("#")]
    assert len(remarks) > 20
    lost = [line for line in remarks if line not in text and line.lstrip("# ")[:12] not in text]
    assert lost == []


def test_a_machine_without_the_format_of_the_model_gets_one_that_it_has(tmp_path: Path) -> None:
    # MXFP4 weights do not run on a V100, which has 16-bit arithmetic alone.
    answers = {"model": "gpt-oss-120b", "accelerator": "V100-32GB SXM"}
    question = read(starting_text("replica", answers), tmp_path)
    assert isinstance(question, solver.ReplicaInstance)
    assert question.machines[0].accelerator.name == "V100-32GB SXM"


def test_every_answer_that_cannot_be_is_told_at_once() -> None:
    with pytest.raises(InstanceError) as caught:
        starting_text("replica", {"model": "Llama-9", "context_tokens": "-1", "min_speed": "nan"})
    told = [str(fault) for fault in caught.value.faults]
    assert [text.split(":")[0].split()[-1] for text in told] == [
        "--model",
        "--context-tokens",
        "--min-speed",
    ]


@pytest.mark.parametrize("price", ["0", "-1", "1,234", "1e400", "0x10", "2.5\n[limits]", "\x1b[2J"])
def test_a_price_that_is_none_is_refused(price: str) -> None:
    with pytest.raises(InstanceError, match="usd-per-hour"):
        starting_text("replica", {"usd_per_hour": price})


def test_names_of_the_catalog_are_what_may_be_answered() -> None:
    catalog = shipped_catalog()
    for question in QUESTIONS["replica"][:2]:
        assert question.check(question.default) == question.default
    assert "H100 SXM" in catalog.accelerators
