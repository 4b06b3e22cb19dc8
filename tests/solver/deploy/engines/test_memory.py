"""The share of memory that an engine is told to take."""

from __future__ import annotations

import copy
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import pytest

from solver.deploy.engines.registry import ENGINES, build_deployment
from solver.errors import OutputError

Solved = Callable[[str], dict[str, Any]]

FLAGS = {
    "vllm": "--gpu-memory-utilization",
    "sglang": "--mem-fraction-static",
    "trtllm": "--free_gpu_memory_fraction",
}


def told(
    document: dict[str, Any], engine: str, *, used: str, model: str, reserve: str = "0"
) -> Fraction:
    """The flag's value where the plan fills ``used`` of HBM."""
    document = copy.deepcopy(document)
    question, design = document["instance"]["resolved"], document["points"][0]["design"]
    question["performance"]["model"] = model
    question["rules"]["hbm_reserve_fraction"] = reserve
    design["hbm_capacity_bytes"] = 10_000
    design["hbm_used_bytes"] = int(Fraction(used) * 10_000)
    [role] = build_deployment(document, 0, engine=engine, weights={}).roles
    [value] = [each.value for each in role.arguments if each.flag == FLAGS[engine]]
    return Fraction(value)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_full_plan_that_counts_the_engine_starts_with_what_it_can_take(
    solved: Solved, engine: str
) -> None:
    document = solved("replica/deepseek-r1-fp8-h200")
    share = told(document, engine, used="0.999", model="calibrated")
    assert Fraction(95, 100) <= share <= Fraction(97, 100)


@pytest.mark.parametrize("engine", ENGINES)
def test_weights_and_caches_alone_cannot_fill_memory(solved: Solved, engine: str) -> None:
    with pytest.raises(OutputError, match="weights and caches alone fill"):
        told(solved("replica/deepseek-r1-fp8-h200"), engine, used="0.99", model="epoch2025")


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("used", ["0.3", "0.6", "0.93"])
def test_what_the_plan_fills_is_held(solved: Solved, engine: str, used: str) -> None:
    share = told(solved("replica/deepseek-r1-fp8-h200"), engine, used=used, model="epoch2025")
    assert share >= Fraction(used)


@pytest.mark.parametrize("engine", ENGINES)
def test_the_reserve_of_the_plan_is_kept(solved: Solved, engine: str) -> None:
    document = solved("replica/deepseek-r1-fp8-h200")
    kept = told(document, engine, used="0.3", model="epoch2025", reserve="3/10")
    counted = told(document, engine, used="0.3", model="calibrated", reserve="3/10")
    assert kept == counted == Fraction(7, 10)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_small_reserve_beside_a_counted_engine_is_no_share_of_nearly_all(
    solved: Solved, engine: str
) -> None:
    """``fleetfront init`` writes a reserve of 0.02: 0.98 would leave SGLang no activations."""
    document = solved("replica/deepseek-r1-fp8-h200")
    share = told(document, engine, used="0.5", model="calibrated", reserve="1/50")
    assert share <= Fraction(92, 100)
