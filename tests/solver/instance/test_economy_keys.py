from __future__ import annotations

import copy
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from solver.cli import main
from solver.errors import InstanceError
from solver.instance.domain import SPEED_AND_COST, ReplicaInstance
from solver.instance.reader import replica_instance_from_raw

BASE: dict[str, Any] = {
    "schema": 1,
    "kind": "replica",
    "name": "economic",
    "trade_off": ["quality", "speed", "cost"],
    "workload": {
        "models": [
            {"model": "Llama-3.1-70B", "quality": "83.6", "source": "card"},
            {"model": "Llama-3.1-8B", "quality": "69.4", "source": "card"},
        ],
        "input_tokens": 1000,
        "output_tokens": 200,
    },
    "design": {
        "accelerator": "H100 SXM",
        "tensor_parallel": [2, 4],
        "batch": [1, 8],
        "clock_mhz": [1005, 1980],
        "weight_format": ["bf16", "fp8"],
    },
    "price": {"usd_per_hour": "2.10"},
    "energy": {"usd_per_kwh": "0.1", "g_co2_per_kwh": 400, "pue": "1.2"},
    "penalties": [{"points": "0.2", "source": "card", "weight_format": "fp8"}],
    "limits": {"max_watts": 9000, "max_g_co2_per_mtok": 5000, "min_quality": 60},
}
"""A question to the calibrated model with every economic table but one."""


def raw_with(**changes: Any) -> dict[str, Any]:
    """The tables of ``BASE`` with keys changed, ``__`` for a dot; ``None`` removes one."""
    raw = copy.deepcopy(BASE)
    for key, value in changes.items():
        *path, last = key.split("__")
        table = raw
        for part in path:
            table = table[part]
        if value is None:
            del table[last]
        else:
            table[last] = value
    return raw


def question(**changes: Any) -> ReplicaInstance:
    return replica_instance_from_raw(raw_with(**changes))


def faults_of(**changes: Any) -> list[str]:
    with pytest.raises(InstanceError) as caught:
        replica_instance_from_raw(raw_with(**changes), where="bad.toml")
    return [str(fault) for fault in caught.value.faults]


def test_every_clock_makes_a_machine() -> None:
    machines = question(design__accelerator=["H100 SXM", "H200 SXM"]).machines
    assert [(machine.accelerator.name, machine.clock_mhz) for machine in machines] == [
        ("H100 SXM", 1005),
        ("H100 SXM", 1980),
        ("H200 SXM", 1005),
        ("H200 SXM", 1980),
    ]


def test_without_a_choice_the_clock_is_left_alone() -> None:
    assert [machine.clock_mhz for machine in question(design__clock_mhz=None).machines] == [None]


def test_a_plain_question_may_choose_clocks() -> None:
    plain = question(
        trade_off=None,
        workload__models=None,
        workload__model="Llama-3.1-8B",
        penalties=None,
        limits=None,
    )
    assert len(plain.machines) == 2
    assert not plain.is_economic


def test_speed_and_cost_in_either_order_are_the_plain_trade_off() -> None:
    assert question(trade_off=["cost", "speed"]).trade_off == SPEED_AND_COST


def test_another_trade_off_keeps_its_order() -> None:
    assert question(trade_off=["energy", "speed"]).trade_off == ("energy", "speed")


def test_the_first_model_names_the_question_and_all_are_alternatives() -> None:
    asked = question()
    assert asked.model.name == "Llama-3.1-70B"
    assert [(entry.model.name, entry.quality) for entry in asked.alternatives] == [
        ("Llama-3.1-70B", Fraction(836, 10)),
        ("Llama-3.1-8B", Fraction(694, 10)),
    ]


def test_several_models_have_widths_of_their_own_where_none_is_stated() -> None:
    design = question(design__weight_format=None).design
    assert design.weight_bits == ()
    assert design.kv_bits == ()


def test_stated_widths_hold_for_every_model() -> None:
    design = question(design__weight_format=None, design__weight_bits=[8]).design
    assert design.weight_bits == (8,)


def test_limits_are_exact() -> None:
    limits = question(limits__max_j_per_token="0.3").limits
    assert limits.max_j_per_token == Fraction(3, 10)
    assert limits.max_watts == 9000
    assert limits.max_g_co2_per_mtok == 5000
    assert limits.min_quality == 60


def test_one_price_with_many_clocks_is_told_to_be_old_once() -> None:
    warnings = question(price={"usd_per_hour": 2, "as_of": "2019"}).warnings
    assert len([text for text in warnings if "more than a year old" in text]) == 1


def test_a_narrow_format_without_a_penalty_is_told() -> None:
    warnings = question(penalties=[{"points": 1, "source": "x", "weight_bits": 4}]).warnings
    assert [text for text in warnings if "no penalty is stated for fp8 of Llama-3.1-8B" in text]


def test_a_format_with_a_penalty_is_no_news() -> None:
    assert question().warnings == ()


def test_a_narrow_cache_without_a_penalty_is_told() -> None:
    warnings = question(design__kv_bits=[8, 16]).warnings
    assert [text for text in warnings if "a 8-bit cache of Llama-3.1-8B" in text]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"trade_off": ["speed"]}, ["trade_off", "['speed']", "two or three"]),
        ({"trade_off": ["speed", "speed"]}, ["trade_off", "twice", "once"]),
        ({"trade_off": ["speed", "fun"]}, ["trade_off.1", "'fun'", "'quality'"]),
        (
            {"trade_off": ["speed", "cost", "energy", "power"]},
            ["trade_off", "two or three"],
        ),
        (
            {"workload__models": [{"model": "Llama-3.1-8B", "quality": 69}]},
            ["workload.models.0.quality", "69", "no source", "source ="],
        ),
        ({"workload__models": []}, ["workload.models", "at least 1"]),
        (
            {"workload__models": [{"model": "Llama-9", "quality": 1, "source": "x"}]},
            ["workload.models.0.model", "Llama-9"],
        ),
        (
            {"workload__models": [{"model": "Llama-3.1-8B", "quality": 1, "source": "x"}] * 2},
            ["workload.models.1.model", "'Llama-3.1-8B' stands twice", "once"],
        ),
        ({"workload__model": "Llama-3.1-8B"}, ["workload.models", "Keep one of the two"]),
        (
            {"workload__models": None, "penalties": None, "limits": None, "trade_off": None},
            ["workload.model", "is missing", "workload.models"],
        ),
        ({"design__clock_mhz": 2000}, ["design.clock_mhz", "2000", "345 to 1980", "steps of 15"]),
        ({"design__clock_mhz": 1000}, ["design.clock_mhz", "1000", "990 or 1005"]),
        ({"design__clock_mhz": "fast"}, ["design.clock_mhz", "'fast'"]),
        ({"energy__g_co2_per_kwh": -1}, ["energy.g_co2_per_kwh", "-1", "below zero"]),
        (
            {"energy__usd_per_kwh": ["0.1"] * 23},
            ["energy.usd_per_kwh", "23 entries", "24", "168"],
        ),
        (
            {"energy__usd_per_kwh": None, "energy__billed": True},
            ["energy.billed", "not stated", "energy.usd_per_kwh"],
        ),
        (
            {"energy__g_co2_per_kwh": None},
            ["limits.max_g_co2_per_mtok", "not stated", "energy.g_co2_per_kwh"],
        ),
        (
            {"penalties": [{"points": 1, "source": "x", "weight_bits": 8, "model": "Llama-9"}]},
            ["penalties.0.model", "'Llama-9'", "Llama-3.1-70B, Llama-3.1-8B"],
        ),
        ({"limits__min_quality": 0}, ["limits.min_quality", "greater than 0", "0"]),
        ({"limits__max_watts": -5}, ["limits.max_watts", "-5"]),
        (
            {"draft": {"model": "Llama-3.1-8B", "acceptance": 1}},
            ["draft.acceptance", "less than 1"],
        ),
        (
            {"draft": {"model": "Llama-3.1-8B", "acceptance": "1.2"}},
            ["draft.acceptance", "1.2"],
        ),
    ],
)
def test_a_slip_names_file_key_value_and_cure(changes: dict[str, Any], words: list[str]) -> None:
    (fault,) = faults_of(**changes)
    assert fault.startswith("bad.toml: ")
    for word in words:
        assert word in fault


@pytest.mark.parametrize(
    ("key", "changes"),
    [
        ("trade_off", {"limits": {}}),
        ("limits.min_quality", {"trade_off": ["speed", "cost"], "limits": {"min_quality": 60}}),
    ],
)
def test_quality_needs_a_score_for_every_model(key: str, changes: dict[str, Any]) -> None:
    models = [BASE["workload"]["models"][0], {"model": "Llama-3.1-8B"}]
    (fault,) = faults_of(workload__models=models, **changes)
    for words in (key, "'Llama-3.1-8B' has no score", "workload.models"):
        assert words in fault


def test_a_preference_for_quality_needs_scores_too() -> None:
    (fault,) = faults_of(
        trade_off=None,
        limits=None,
        penalties=None,
        workload__models=[{"model": "Llama-3.1-8B"}],
        economics={"preferences": [{"name": "good", "min_quality": 70}]},
    )
    assert "economics.preferences.good.min_quality" in fault


def test_penalties_without_any_score_take_points_off_nothing() -> None:
    (fault,) = faults_of(trade_off=None, limits=None, workload__models=[{"model": "Llama-3.1-8B"}])
    assert "bad.toml: penalties: no model has a score" in fault


def test_a_refused_score_is_not_told_to_be_missing_as_well() -> None:
    (fault,) = faults_of(workload__models=[{"model": "Llama-3.1-8B", "quality": 69}])
    assert "no source" in fault


@pytest.mark.parametrize(
    "changes",
    [
        {"trade_off": ["speed", "energy"], "limits": None},
        {"trade_off": ["speed", "power"], "limits": None},
        {"trade_off": None, "limits": {"max_watts": 9000}},
        {"trade_off": None, "limits": {"max_j_per_token": 1}},
        {"trade_off": None, "limits": {"max_g_co2_per_mtok": 1}},
        {"trade_off": None, "limits": None, "energy__billed": True},
    ],
)
def test_energy_needs_an_accelerator_of_known_power(changes: dict[str, Any]) -> None:
    (fault,) = faults_of(design__accelerator="TPU v5e", design__clock_mhz=None, **changes)
    for words in ("design.accelerator", "'TPU v5e' is not known", "Choose from", "H100 SXM"):
        assert words in fault


def test_a_penalty_by_format_is_for_the_calibrated_model() -> None:
    faults = faults_of(
        performance={"model": "epoch2025"},
        workload__input_tokens=None,
        workload__output_tokens=None,
        design__weight_format=None,
    )
    assert [fault for fault in faults if "penalties.0.weight_format" in fault]
    assert len(faults) == 1


def test_widths_of_every_model_need_arithmetic_in_the_published_formula() -> None:
    (fault,) = faults_of(
        performance={"model": "epoch2025"},
        trade_off=None,
        limits=None,
        penalties=None,
        workload={"models": [{"model": "Llama-3.1-8B"}, {"model": "gpt-oss-120b"}]},
        design__weight_format=None,
    )
    assert "design.weight_bits" in fault
    assert "no 4-bit arithmetic" in fault


def test_an_offer_for_another_model_is_refused() -> None:
    offer = {
        "name": "x",
        "model": "Llama-9",
        "usd_per_mtok_input": 1,
        "usd_per_mtok_output": 1,
        "source": "s",
        "as_of": "2026-01",
    }
    (fault,) = faults_of(economics={"api": [offer]})
    for words in ("economics.api.x.model", "'Llama-9'", "Llama-3.1-8B"):
        assert words in fault


def test_one_purchase_price_is_not_that_of_two_accelerators() -> None:
    owning = {"purchase_usd": 30000, "depreciation_years": 4, "usd_per_kwh": "0.1"}
    (fault,) = faults_of(design__accelerator=["H100 SXM", "H200 SXM"], economics={"owning": owning})
    assert "economics.owning" in fault
    assert "2 accelerators" in fault


@pytest.mark.parametrize(
    ("economics", "key"),
    [
        ({"max_ttft_s": 1}, "economics.max_ttft_s"),
        (
            {"preferences": [{"name": "quick", "max_ttft_s": 1}]},
            "economics.preferences.quick.max_ttft_s",
        ),
    ],
)
def test_a_first_token_needs_prompts(economics: dict[str, Any], key: str) -> None:
    (fault,) = faults_of(
        workload__input_tokens=None, workload__output_tokens=None, economics=economics
    )
    assert key in fault
    assert "no prompts" in fault


def test_own_prediction_layers_are_asked_of_every_model() -> None:
    models = [{"model": "DeepSeek-V3"}, {"model": "Llama-3.1-8B"}]
    (fault,) = faults_of(
        trade_off=None,
        limits=None,
        penalties=None,
        workload__models=models,
        draft={"model": "mtp", "acceptance": "0.8"},
    )
    assert "draft.model" in fault
    assert "Llama-3.1-8B" in fault


def test_faults_of_every_table_are_told_at_once() -> None:
    faults = faults_of(
        trade_off=["speed"],
        design__clock_mhz="fast",
        energy__g_co2_per_kwh=-1,
        penalties=[{"points": 1, "source": "", "weight_bits": 8}],
        economics={"preferences": [{"name": "none"}]},
    )
    text = "\n".join(faults)
    for key in (
        "trade_off",
        "clock_mhz",
        "g_co2_per_kwh",
        "penalties.0.source",
        "preferences.none",
    ):
        assert key in text


FILE = """
schema = 1
kind = "replica"
name = "bad"
[workload]
models = [{ model = "Llama-3.1-8B", quality = 69.4%s }]
[design]
accelerator = "H100 SXM"
clock_mhz = %s
batch = [1]
[price]
usd_per_hour = 2.1
[energy]
g_co2_per_kwh = %s
[draft]
model = "Llama-3.1-8B"
acceptance = %s
"""


@pytest.mark.parametrize(
    ("source", "clock", "carbon", "acceptance", "key"),
    [
        ("", "1980", "400", "0.5", "workload.models.0.quality"),
        (', source = "card"', "5000", "400", "0.5", "design.clock_mhz"),
        (', source = "card"', "1980", "-1", "0.5", "energy.g_co2_per_kwh"),
        (', source = "card"', "1980", "[1, 2]", "0.5", "energy.g_co2_per_kwh"),
        (', source = "card"', "1980", "400", "1.0", "draft.acceptance"),
    ],
)
def test_the_command_ends_with_two_and_one_line_for_the_fault(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    source: str,
    clock: str,
    carbon: str,
    acceptance: str,
    key: str,
) -> None:
    path = tmp_path / "bad.toml"
    path.write_text(FILE % (source, clock, carbon, acceptance))
    assert main(["show", str(path)]) == 2
    line, _example = capsys.readouterr().err.strip().splitlines()
    assert f"bad.toml: {key}" in line


def test_a_penalty_larger_than_a_score_is_refused() -> None:
    penalty = {"points": "70", "source": "card", "weight_format": "fp8"}
    with pytest.raises(InstanceError) as caught:
        question(penalties=[penalty])
    (fault,) = caught.value.faults
    assert fault.where.endswith("penalties.0.points")
    assert "more than the score of Llama-3.1-8B, 69.4" in fault.what
    of_the_large = {**penalty, "model": "Llama-3.1-70B"}
    assert question(penalties=[of_the_large]).penalties[0].points == 70
