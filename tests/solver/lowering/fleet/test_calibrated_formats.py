"""Formats of several machines: passed over where lacking, refused by name where nobody has them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest

from solver.catalog import shipped_catalog
from solver.errors import InstanceError, UnsupportedModelError
from solver.instance.domain import DesignSpace, Performance, Rules
from solver.instance.fleet.domain import FleetInstance, WorkloadModel
from solver.lowering.fleet.calibrated_formats import MachineFormats, check_formats, formats_on
from solver.lowering.fleet.designs import design_options

DESIGN = DesignSpace(
    tensor_parallel=(1,),
    tensor_parallel_2d=(),
    pipeline_parallel=(1,),
    expert_parallel=(1,),
    attention_data_parallel=(1,),
    batch=(1, 8),
    weight_bits=(),
    kv_bits=(),
)
CATALOG = shipped_catalog()
MODEL = CATALOG.models["Llama-3.1-8B"]
H100, B200 = (CATALOG.accelerators[name] for name in ("H100 SXM", "B200 SXM"))
Ask = Callable[..., FleetInstance]


@pytest.fixture
def ask(make: dict[str, Any]) -> Ask:
    """Llama 8B on H100 and B200, any part of the question by keyword."""

    def build(model: Any = MODEL, **changes: Any) -> FleetInstance:
        found: FleetInstance = make["question"](
            make["workload"](models=(WorkloadModel("m", model),)),
            **{
                "machines": (
                    make["machine"]("h100", accelerator=H100),
                    make["machine"]("b200", accelerator=B200),
                ),
                "design": DESIGN,
                "performance": Performance("calibrated"),
                **changes,
            },
        )
        return found

    return build


def refusal(question: FleetInstance) -> str:
    """Why a question is refused."""
    assert question.design is not None
    with pytest.raises(UnsupportedModelError) as caught:
        check_formats(question, question.design)
    return str(caught.value)


def test_without_a_word_a_model_keeps_its_own_widths(ask: Ask) -> None:
    assert formats_on(ask(), DESIGN, MODEL, H100) == MachineFormats((16,), (16,))


def test_a_machine_is_offered_the_formats_it_runs(ask: Ask) -> None:
    question = ask(weight_formats=("nvfp4", "fp8"))
    assert formats_on(question, DESIGN, MODEL, H100).names == ("fp8",)
    assert formats_on(question, DESIGN, MODEL, B200).names == ("nvfp4", "fp8")


def test_widths_are_no_names(ask: Ask) -> None:
    found = formats_on(ask(), replace(DESIGN, weight_bits=(4, 8)), MODEL, H100)
    assert (found.names, found.within(DESIGN).weight_bits) == ((), (4, 8))


def test_a_machine_without_any_of_the_formats_says_why(ask: Ask) -> None:
    with pytest.raises(InstanceError, match=r"design.weight_format: .*nvfp4"):
        formats_on(ask(weight_formats=("nvfp4",)), DESIGN, MODEL, H100)


def test_a_machine_without_any_of_the_formats_is_passed_over(ask: Ask) -> None:
    options, _, reasons = design_options(ask(weight_formats=("nvfp4",)), 0)
    assert {option.machine for option in options} == {1}
    assert "nvfp4" in reasons[0].what


def test_a_format_that_no_machine_runs_is_refused(ask: Ask, make: dict[str, Any]) -> None:
    machines = (make["machine"]("h100", accelerator=H100),)
    said = refusal(ask(machines=machines, weight_formats=("fp8", "nvfp4")))
    assert "design.weight_format" in said
    assert "nvfp4" in said


def test_a_format_that_one_machine_runs_is_accepted(ask: Ask) -> None:
    check_formats(ask(weight_formats=("fp8", "nvfp4")), DESIGN)


def test_an_unknown_feature_is_refused_with_its_workload(ask: Ask) -> None:
    odd = replace(MODEL, features=("telepathy",))
    said = refusal(ask(model=odd))
    assert "workload 'chat'" in said
    assert "'telepathy'" in said


def test_two_dimensions_are_refused(ask: Ask) -> None:
    said = refusal(ask(design=replace(DESIGN, tensor_parallel_2d=(4,))))
    assert "design.tensor_parallel_2d" in said


def test_another_account_of_hbm_is_refused(ask: Ask) -> None:
    assert "rules.hbm_account" in refusal(ask(rules=Rules(hbm_account="published")))


def test_a_cache_of_another_width_is_refused(ask: Ask) -> None:
    assert "design.kv_bits" in refusal(ask(design=replace(DESIGN, kv_bits=(8, 12))))


def test_a_workload_of_measured_points_asks_for_no_format(make: dict[str, Any]) -> None:
    question = make["question"](
        make["workload"](make["point"](), requests_per_s=Fraction(1)),
        design=DESIGN,
        weight_formats=("nvfp4",),
        machines=(make["machine"]("h100", accelerator=H100),),
        performance=Performance("calibrated"),
    )
    check_formats(question, DESIGN)
