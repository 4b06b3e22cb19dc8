from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest

from solver.performance.epoch2025.counts import unsupported_features
from solver.performance.validation.constants import ReferenceConstants


def test_all_reference_accelerators_and_models_are_shipped(constants: ReferenceConstants) -> None:
    assert set(constants.accelerators) == {
        "H100", "H100_ZL", "H200", "A100", "V100", "TPU_v4", "Groq_LPU",
    }  # fmt: skip
    assert len(constants.models) == 20


def test_prices_are_exact(constants: ReferenceConstants) -> None:
    assert constants.usd_per_hour["A100"] == Fraction(113, 75)


def test_no_reference_model_has_an_unsupported_feature(constants: ReferenceConstants) -> None:
    faults = [fault for model in constants.models.values() for fault in unsupported_features(model)]
    assert faults == []


def test_link_bandwidths_are_stored_by_direction_twice_the_published_figure(
    constants: ReferenceConstants,
) -> None:
    h100 = constants.accelerators["H100"]
    assert (h100.scale_up_bytes_per_s, h100.scale_out_bytes_per_s) == (450e9, 50e9)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Llama_3_70B_8_bit", "Llama_3_70B_8_bit"),
        ("Llama_3_70B_8bit", "Llama_3_70B_8_bit"),
        ("LLaMa 3 70B", "Llama_3_70B"),
        ("GPT-3", "GPT_3"),
        ("GPT-3.5", "GPT_3_5"),
        ("Llama_4", None),
        ("", None),
    ],
)
def test_model_names_are_found_whatever_their_case_and_punctuation(
    constants: ReferenceConstants, text: str, name: str | None
) -> None:
    assert constants.model_name(text) == name


def test_erratum_b2_the_zero_latency_device_only_launches_faster(
    constants: ReferenceConstants,
) -> None:
    usual, instant = (constants.accelerators[name] for name in ("H100", "H100_ZL"))
    assert instant.kernel_launch_s == 0
    same = replace(
        instant,
        name=usual.name,
        kernel_launch_s=usual.kernel_launch_s,
        source=usual.source,
        note=usual.note,
        confidence=usual.confidence,
    )
    assert same == usual


def test_names_that_cannot_be_told_apart_are_refused(constants: ReferenceConstants) -> None:
    h100 = constants.accelerators["H100"]
    with pytest.raises(ValueError, match="cannot be told apart"):
        ReferenceConstants({"H100": h100, "h-100": h100}, {}, {})
