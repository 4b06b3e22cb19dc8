"""Which models serve, what is left out, and what has to be stated."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest

from solver.catalog.domain import Model
from solver.errors import InstanceError
from solver.instance.domain import Limits, ReplicaInstance
from solver.instance.energy import EnergyTerms
from solver.instance.quality import ServedModel
from solver.lowering.economy.lowering import lower_economy
from tests.oracles.economic_questions import BILLED, small_question, two_models


def _huge() -> Model:
    return small_question(model="Llama-3.1-405B", design={"tensor_parallel": [1, 2, 8, 16]}).model


def test_a_question_without_alternatives_serves_its_one_model() -> None:
    space = lower_economy(small_question())
    assert [part.served for part in space.parts] == [ServedModel(space.instance.model)]


def test_every_model_that_fits_has_a_space_of_its_own_in_the_order_of_the_question() -> None:
    space = lower_economy(two_models())
    names = [part.space.instance.model.name for part in space.parts]
    assert names == ["Llama-3.1-8B", "Llama-2-7B"]
    assert space.n_candidates == sum(part.space.n_candidates for part in space.parts)


def test_a_model_that_fits_nowhere_is_left_out_with_a_note() -> None:
    question = two_models(design={"tensor_parallel": [1, 2]})
    entries = (*question.alternatives, ServedModel(_huge(), Fraction(80), "made up"))
    space = lower_economy(replace(question, alternatives=entries))
    assert len(space.parts) == 2
    (note,) = space.notes
    assert note.startswith("Llama-3.1-405B is left out: it fits nowhere")


def test_a_question_none_of_whose_models_fits_is_refused() -> None:
    question = two_models(design={"tensor_parallel": [1, 2]})
    entries = (ServedModel(_huge(), Fraction(80), "made up"),)
    with pytest.raises(InstanceError, match="405B fits nowhere"):
        lower_economy(replace(question, alternatives=entries))


def test_each_model_serves_at_its_own_width_where_none_is_stated() -> None:
    question = two_models()
    own = replace(question, design=replace(question.design, weight_bits=(), kv_bits=()))
    widths = {
        part.served.model.name: {f.step.precision.weight_bits for f in part.space.families}
        for part in lower_economy(own).parts
    }
    assert widths == {"Llama-3.1-8B": {16}, "Llama-2-7B": {16}}


def _without_power(question: ReplicaInstance) -> ReplicaInstance:
    machine = question.machines[0]
    bare = replace(machine, accelerator=replace(machine.accelerator, power=None))
    return replace(question, machines=(bare,))


@pytest.mark.parametrize(
    "question",
    [
        small_question(trade_off=("speed", "energy")),
        small_question(trade_off=("power", "cost")),
        small_question(limits=Limits(max_j_per_token=Fraction(1))),
        small_question(limits=Limits(max_watts=Fraction(1))),
        small_question(energy=BILLED),
    ],
)
def test_whoever_weighs_power_needs_accelerators_of_known_power(question: ReplicaInstance) -> None:
    assert lower_economy(question).parts
    with pytest.raises(InstanceError, match="power of H100 SXM is not known"):
        lower_economy(_without_power(question))


def test_a_limit_on_carbon_needs_an_intensity() -> None:
    question = small_question(limits=Limits(max_g_co2_per_mtok=Fraction(100)), energy=EnergyTerms())
    with pytest.raises(InstanceError, match="carbon intensity of the grid is not stated"):
        lower_economy(question)


def test_quality_needs_a_score_for_every_model() -> None:
    question = two_models()
    first, second = question.alternatives
    bare = replace(question, alternatives=(first, replace(second, quality=None)))
    with pytest.raises(InstanceError, match="Llama-2-7B has no score"):
        lower_economy(bare)
