from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from solver.bench.cases import Side
from solver.bench.line_styles import line_styles, spread_apart
from tests.solver.bench.made_rows import REALISTIC

SIDES = [Side(formulation, engine) for formulation, engine, _, _ in REALISTIC]


def test_fourteen_sides_get_fourteen_different_lines() -> None:
    styles = line_styles(SIDES, "textbook_big_m")
    assert len({(style.colour, style.dashes) for style in styles.values()}) == len(SIDES)


def test_the_textbook_is_black_and_dashed_on_every_engine() -> None:
    styles = line_styles(SIDES, "textbook_big_m")
    found = [style for side, style in styles.items() if side.formulation == "textbook_big_m"]
    assert all(style.colour == "#111111" and style.dashes for style in found)


def test_the_same_formulation_has_one_colour_and_the_same_engine_one_dash() -> None:
    styles = line_styles(SIDES, "textbook_big_m")
    assert styles[Side("hull", "highs")].colour == styles[Side("hull", "cp-sat")].colour
    assert styles[Side("hull", "highs")].dashes == styles[Side("cutting_planes", "highs")].dashes


def test_an_engine_nobody_knew_of_gets_a_line_of_its_own() -> None:
    styles = line_styles([Side("a", "highs"), Side("a", "cbc")], "")
    assert styles[Side("a", "highs")].dashes != styles[Side("a", "cbc")].dashes


def test_heights_that_are_apart_stay_where_they_are() -> None:
    assert spread_apart([0.9, 0.5, 0.1], distance=0.2, low=0.0, high=1.0) == pytest.approx(
        [0.9, 0.5, 0.1]
    )


def test_two_equal_heights_move_by_half_a_distance_each() -> None:
    found = spread_apart([0.5, 0.5], distance=0.2, low=0.0, high=1.0)
    assert found == pytest.approx([0.6, 0.4])


@given(st.lists(st.floats(0, 1), min_size=1, max_size=14))
def test_labels_never_overlap_nor_leave_the_axes(wanted: list[float]) -> None:
    found = spread_apart(sorted(wanted, reverse=True), distance=0.05, low=0.0, high=1.0)
    assert all(a - b >= 0.05 - 1e-9 for a, b in pairwise(found))
    assert min(found) >= -1e-9
    assert max(found) <= 1 + 1e-9


def test_more_labels_than_fit_are_spaced_evenly() -> None:
    assert spread_apart([1.0] * 3, distance=0.9, low=0.0, high=1.0) == [1.0, 0.5, 0.0]
