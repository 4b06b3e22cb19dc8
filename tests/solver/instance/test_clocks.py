from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from solver.catalog import shipped_catalog
from solver.catalog.domain import Accelerator
from solver.catalog.power import ClockRange, PowerProfile
from solver.errors import InstanceError
from solver.instance.clocks import ALL_CLOCKS, ClockChoice, clocks_of, clocks_on_offer


def device(clocks: ClockRange | None) -> Accelerator:
    profile = PowerProfile(
        idle_w=50, decode_w=200, prefill_w=300, hbm_w=40, clocks=clocks, source="s", as_of="2026"
    )
    return replace(shipped_catalog().accelerator("A100-80GB SXM"), power=profile)


def ranged(lowest: int, highest: int, step: str) -> Accelerator:
    return device(ClockRange(lowest, highest, Fraction(step), 0.7))


def chosen(value: Any) -> Any:
    return TypeAdapter(ClockChoice).validate_python(value)


def fault_of(choice: tuple[int, ...], accelerator: Accelerator) -> str:
    with pytest.raises(InstanceError) as caught:
        clocks_of(choice, accelerator)
    assert len(caught.value.faults) == 1
    return str(caught.value.faults[0])


@pytest.mark.parametrize(
    ("value", "clocks"),
    [
        (1410, (1410,)),
        ([1410, 1005], (1005, 1410)),
        ("1005..1050 step 15", (1005, 1020, 1035, 1050)),
        ("all", ALL_CLOCKS),
    ],
)
def test_a_choice_is_written_as_other_whole_numbers_are(value: Any, clocks: Any) -> None:
    assert chosen(value) == clocks


@pytest.mark.parametrize("value", [[], 0, -15, True, "1005..", "every", 2.5, 10**6])
def test_what_is_no_list_of_clocks_is_refused(value: Any) -> None:
    with pytest.raises(ValidationError):
        chosen(value)


def test_all_is_every_step_from_the_lowest_to_the_highest() -> None:
    assert clocks_of(ALL_CLOCKS, ranged(210, 300, "15")) == (210, 225, 240, 255, 270, 285, 300)


def test_half_steps_are_counted_from_the_highest_and_rounded_down_as_drivers_list_them() -> None:
    assert clocks_on_offer(ClockRange(1500, 1530, Fraction("7.5"), 0.7)) == (
        1500,
        1507,
        1515,
        1522,
        1530,
    )


def test_stated_clocks_of_the_range_are_taken_as_they_are() -> None:
    assert clocks_of((225, 300), ranged(210, 300, "15")) == (225, 300)


def test_every_clock_of_every_shipped_range_can_be_asked_for() -> None:
    known = [
        accelerator
        for accelerator in shipped_catalog().accelerators.values()
        if accelerator.power is not None and accelerator.power.clocks is not None
    ]
    assert known
    for accelerator in known:
        everything = clocks_of(ALL_CLOCKS, accelerator)
        assert clocks_of(everything, accelerator) == everything


@pytest.mark.parametrize("clock", [195, 315])
def test_a_clock_outside_the_range_is_told_with_the_range_and_the_step(clock: int) -> None:
    fault = fault_of((clock,), ranged(210, 300, "15"))
    for words in (str(clock), "outside", "210 to 300 MHz", "steps of 15"):
        assert words in fault


def test_a_clock_between_two_steps_is_told_with_its_neighbours() -> None:
    fault = fault_of((232,), ranged(210, 300, "15"))
    for words in ("232 MHz is between two clocks", "225 or 240", "steps of 15"):
        assert words in fault


def test_many_clocks_outside_the_range_are_one_fault() -> None:
    assert "310, 311, 312 and 87 more MHz" in fault_of(
        tuple(range(310, 400)), ranged(210, 300, "15")
    )


def test_clocks_outside_and_between_are_two_faults() -> None:
    with pytest.raises(InstanceError) as caught:
        clocks_of((100, 232), ranged(210, 300, "15"))
    assert len(caught.value.faults) == 2


@pytest.mark.parametrize("choice", [ALL_CLOCKS, (1410,)])
def test_an_accelerator_without_a_known_range_is_refused(choice: Any) -> None:
    for accelerator in (device(None), replace(device(None), power=None)):
        fault = fault_of(choice, accelerator)
        for words in ("no range of clocks", accelerator.name, "Leave it out"):
            assert words in fault


def test_a_word_for_clocks_is_told_which_word_there_is() -> None:
    with pytest.raises(ValidationError) as caught:
        chosen("fast")
    (error,) = caught.value.errors()
    assert "'fast'" in error["msg"]
    assert "'all'" in error["ctx"]["mend"]
