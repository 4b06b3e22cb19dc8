from __future__ import annotations

import math
from fractions import Fraction

import pytest

from solver.report.numbers import aligned, clean, exact_cost, percent, short, with_prefix


def test_clean_drops_escape_characters() -> None:
    assert clean("\x1b[31mred\x1b[0m") == "[31mred[0m"


def test_clean_drops_direction_marks() -> None:
    assert clean("a\u202eb") == "ab"


def test_clean_puts_text_on_one_line() -> None:
    assert clean("two\r\nlines\tand a tab") == "two lines and a tab"


def test_clean_shortens_long_text() -> None:
    assert len(clean("x" * 500, limit=50)) == 50


def test_clean_leaves_other_scripts_alone() -> None:
    assert clean("模型 ⁴") == "模型 ⁴"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (123456.7, "123,457"),
        (9.99996, "10.00"),
        (0.0413413, "0.04134"),
        (29.72710, "29.73"),
        (8.0, "8"),
        (1e-9, "1.000e-09"),
        (math.inf, "∞"),
    ],
)
def test_short_keeps_four_significant_digits(value: float, text: str) -> None:
    assert short(value) == text


def test_aligned_gives_every_number_the_same_decimals() -> None:
    assert aligned([35.04123, 0.084791]) == ["35.0412", "0.0848"]


def test_aligned_leaves_whole_numbers_whole() -> None:
    assert aligned([1.0, 4096.0]) == ["1", "4,096"]


def test_aligned_leaves_missing_cells_empty() -> None:
    assert aligned([None, 2.0]) == ["", "2"]


def test_aligned_of_nothing_is_nothing() -> None:
    assert aligned([]) == []


def test_with_prefix_chooses_the_prefix() -> None:
    assert [with_prefix(8e10, "B"), with_prefix(4e-6, "s")] == ["80 GB", "4 µs"]


def test_percent_can_carry_its_sign() -> None:
    assert percent(0.228, signed=True) == "+22.8 %"


def test_exact_cost_reads_a_fraction() -> None:
    assert exact_cost({"cost": "113/75"}) == Fraction(113, 75)


def test_a_point_without_an_exact_cost_is_refused() -> None:
    with pytest.raises(ValueError, match="without an exact cost"):
        exact_cost({"latency_ps": 3})
