from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from solver.instance.ranges import format_integers, parse_integers


@given(st.sets(st.integers(min_value=1, max_value=300), min_size=1))
def test_formatting_reads_back_as_the_same_numbers(numbers: set[int]) -> None:
    assert parse_integers(format_integers(numbers)) == tuple(sorted(numbers))


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        (8, (8,)),
        ([4, 1, 1], (1, 4)),
        ("1..4", (1, 2, 3, 4)),
        ("2..9 step 3", (2, 5, 8)),
        ("powers of 2 to 20", (1, 2, 4, 8, 16)),
        ("1..3, 8, 16", (1, 2, 3, 8, 16)),
        ([1, "4..6"], (1, 4, 5, 6)),
    ],
)
def test_every_form_is_understood(text: object, numbers: tuple[int, ...]) -> None:
    assert parse_integers(text) == numbers


@pytest.mark.parametrize(
    "text", ["", "a", "4..1", "1..4 step 0", "1.5", 1.5, True, None, "-3", "1..99999999", [0]]
)
def test_what_is_not_a_list_of_whole_numbers_is_refused(text: object) -> None:
    with pytest.raises(ValueError, match=r".+"):
        parse_integers(text)


def test_zero_is_allowed_where_the_caller_says_so() -> None:
    assert parse_integers("0..2", minimum=0) == (0, 1, 2)
