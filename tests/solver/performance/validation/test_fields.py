from __future__ import annotations

import math

import pytest

from solver.performance.validation.constants import ReferenceConstants
from solver.performance.validation.fields import ModelName, Number, UnreadableError


@pytest.mark.parametrize("text", ["1_000", "1,5", "0x10", "one", "", "NaN", "--1"])
def test_text_that_is_no_decimal_number_is_refused(
    constants: ReferenceConstants, text: str
) -> None:
    with pytest.raises(UnreadableError, match="is not a number"):
        Number()(text, constants)


@pytest.mark.parametrize(("text", "value"), [("1e-3", 0.001), ("+2", 2.0), ("4.0", 4.0)])
def test_decimal_numbers_are_read(constants: ReferenceConstants, text: str, value: float) -> None:
    assert Number()(text, constants) == value


def test_infinity_is_read_only_where_it_is_a_value(constants: ReferenceConstants) -> None:
    assert Number(infinite=True)("inf", constants) == math.inf
    with pytest.raises(UnreadableError, match="is not finite"):
        Number()("inf", constants)


def test_a_fraction_is_refused_where_a_whole_number_is_asked_for(
    constants: ReferenceConstants,
) -> None:
    with pytest.raises(UnreadableError, match="is not a whole number"):
        Number(whole=True)("2.5", constants)


def test_the_cure_tells_the_bounds(constants: ReferenceConstants) -> None:
    with pytest.raises(UnreadableError) as caught:
        Number(least=1, below=1e6, whole=True)("0", constants)
    assert caught.value.mend == "Write a whole number at least 1 and below 1e+06"


def test_a_name_is_read_as_the_reference_spells_it(constants: ReferenceConstants) -> None:
    assert ModelName()("LLaMa 3 8B", constants) == "Llama_3_8B"
