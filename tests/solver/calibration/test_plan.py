"""Which shapes a budget buys."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest

from solver.calibration.backend import Machine
from solver.calibration.cases import ContextCase, CopyCase, DecodeCase, GemmCase, LaunchCase
from solver.calibration.plan import LEAST_BUDGET_S, plan_cases


def test_the_same_budget_and_seed_give_the_same_plan(h200: Machine) -> None:
    assert plan_cases(h200, budget_s=100, seed=3) == plan_cases(h200, budget_s=100, seed=3)


def test_another_seed_gives_other_shapes(h200: Machine) -> None:
    first, second = (plan_cases(h200, budget_s=100, seed=seed) for seed in (0, 1))
    assert set(first.cases) != set(second.cases)


@pytest.mark.parametrize("kind", [GemmCase, DecodeCase, ContextCase])
def test_a_smaller_budget_gives_a_part_of_the_shapes(h200: Machine, kind: type) -> None:
    small, large = (plan_cases(h200, budget_s=b, seed=0) for b in (60, 480))
    of_small = {case for case in small.cases if isinstance(case, kind)}
    of_large = {case for case in large.cases if isinstance(case, kind)}
    assert of_small < of_large


def test_no_shape_is_measured_twice(h200: Machine) -> None:
    assert max(Counter(plan_cases(h200, budget_s=480, seed=0).cases).values()) == 1


def test_both_precisions_of_the_machine_are_measured(h200: Machine) -> None:
    cases = plan_cases(h200, budget_s=60, seed=0).cases
    assert {c.precision for c in cases if isinstance(c, GemmCase)} == {"bfloat16", "fp8"}


def test_families_take_turns_from_the_start(h200: Machine) -> None:
    cases = plan_cases(h200, budget_s=480, seed=0).cases
    first = [case for case in cases if not isinstance(case, LaunchCase | CopyCase)][:4]
    assert {type(case) for case in first} == {GemmCase, DecodeCase, ContextCase}


def test_launches_and_copies_come_first(h200: Machine) -> None:
    cases = plan_cases(h200, budget_s=60, seed=0).cases
    assert isinstance(cases[0], LaunchCase)
    assert all(isinstance(case, CopyCase) for case in cases[1:6])
    assert not any(isinstance(case, CopyCase) for case in cases[6:])


def test_no_case_needs_more_than_two_fifths_of_free_memory(h200: Machine) -> None:
    small = replace(h200, free_bytes=10**9)
    for case in plan_cases(small, budget_s=480, seed=0).cases:
        assert case.set_bytes + case.fixed_bytes <= 0.4e9


def test_a_cpu_gets_small_shapes_and_no_copies_from_the_host(h200: Machine) -> None:
    cpu = replace(h200, kind="cpu", precisions=("bfloat16",))
    cases = plan_cases(cpu, budget_s=480, seed=0).cases
    assert max(case.flop for case in cases) <= 4e8
    assert not any(isinstance(case, CopyCase) and case.from_host for case in cases)


def test_collectives_take_every_world_that_the_devices_form(h200: Machine) -> None:
    collectives = plan_cases(h200, budget_s=60, seed=0).collectives
    assert {case.world for case in collectives} == {2, 4, 8}


def test_one_device_has_no_collectives(h200: Machine) -> None:
    assert plan_cases(replace(h200, devices=1), budget_s=60, seed=0).collectives == ()


def test_collectives_can_be_left_out(h200: Machine) -> None:
    assert plan_cases(h200, budget_s=60, seed=0, collectives=False).collectives == ()


def test_a_budget_below_the_least_is_refused(h200: Machine) -> None:
    with pytest.raises(ValueError, match="below 30 s"):
        plan_cases(h200, budget_s=LEAST_BUDGET_S - 1, seed=0)
