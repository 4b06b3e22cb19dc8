"""Sizes on paper against the programs as they are built."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

from formulations.fleet.problem import FleetProblem
from formulations.fleet.registry import FORMULATIONS, get_formulation
from formulations.size import size_of
from tests.oracles.plain_fleet import fleet, fleets, small_racks

_quick = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
_COUNTED = [f.name for f in FORMULATIONS if not f.patterns]
_PATTERNED = [f.name for f in FORMULATIONS if f.patterns]


def _is_as_built(name: str, problem: FleetProblem) -> None:
    formulation = get_formulation(name)
    paper, built = formulation.size(problem), size_of(formulation.build(problem).statement)
    assert (paper.rows, paper.columns) == (built.rows, built.columns)
    if paper.nonzeros is not None:
        assert paper.nonzeros == built.nonzeros


@pytest.mark.parametrize("name", _COUNTED)
@_quick
@given(problem=fleets())
def test_statements_by_counts_are_as_large_as_their_formulas_say(
    name: str, problem: FleetProblem
) -> None:
    _is_as_built(name, problem)


@pytest.mark.parametrize("name", _COUNTED)
@_quick
@given(problem=fleets(with_racks=True, survive_loss=True, with_routing=False))
def test_rows_for_the_loss_of_a_rack_are_counted(name: str, problem: FleetProblem) -> None:
    _is_as_built(name, problem)


@pytest.mark.parametrize("name", _PATTERNED)
@_quick
@given(problem=fleets(with_racks=True, survive_loss=False))
def test_statements_by_patterns_are_as_large_as_their_formulas_say(
    name: str, problem: FleetProblem
) -> None:
    _is_as_built(name, problem)


def _racks_of(sizes: Sequence[int], room: int, count: int) -> FleetProblem:
    n = len(sizes)
    return fleet(
        [1] * n,
        upper=[50] * n,
        cover=[([1] * n, 9)],
        racks=small_racks(range(n), [[s] for s in sizes], [(count, [room])]),
    )


@pytest.mark.parametrize("formulation", FORMULATIONS, ids=lambda formulation: formulation.name)
def test_every_formulation_is_measured_on_racks_that_hold_several(formulation: object) -> None:
    _is_as_built(formulation.name, _racks_of([2, 3, 4], 9, 4))  # type: ignore[attr-defined]


def test_counts_in_racks_have_the_rows_and_columns_worked_out_by_hand() -> None:
    # 1 row of demand, 2 links, 3 racks with 1 dimension each, 2 orders; 2 counts, 3 * 2 places.
    size = get_formulation("counts").size(_racks_of([2, 3], 6, 3))
    assert (size.rows, size.columns) == (1 + 2 + 3 + 2, 2 + 6)
    assert size.nonzeros == 2 + (2 + 6) + 6 + 2 * 4


def test_patterns_in_racks_have_the_rows_and_columns_worked_out_by_hand() -> None:
    # 9 holds 4 of 2, or 3 of 3, or 3 of 2 and 1 of 3 (maximal: 3 + 1, 1 + 2, 0 + 3, 4 + 0).
    size = get_formulation("rack_patterns").size(_racks_of([2, 3], 9, 3))
    assert (size.rows, size.columns) == (1 + 2 + 1, 2 + 4)


def test_binaries_of_counts_to_five_are_three_bits_or_five_in_unary() -> None:
    problem = fleet([1, 1], upper=[5, 8], cover=[([2, 3], 12)])
    assert get_formulation("counts_log").size(problem).columns == 3 + 4
    assert get_formulation("counts_unary").size(problem).columns == 5 + 8
    assert get_formulation("counts_unary").size(problem).rows == 1 + 4 + 7


def test_states_of_racks_grow_with_room_and_not_with_the_ways_to_fill_it() -> None:
    problem = _racks_of([11, 12, 13, 14, 15, 17, 19, 21, 23, 25], 80, 6)
    arcs = get_formulation("rack_arc_flow").size(problem).columns
    patterns = get_formulation("rack_patterns").size(problem).columns
    assert arcs < patterns


@pytest.mark.parametrize("formulation", FORMULATIONS, ids=lambda formulation: formulation.name)
def test_what_cannot_be_stated_has_no_size(formulation: object) -> None:
    name = formulation.name  # type: ignore[attr-defined]
    if name in _PATTERNED:
        problem = fleet([1], upper=[1])
    else:
        problem = fleet([1], upper=[1], racks=small_racks([0], [[1]], [(20_001, [1])]))
    with pytest.raises(ValueError, match="rack"):
        get_formulation(name).size(problem)


def test_more_states_than_can_be_visited_are_refused() -> None:
    sizes = np.arange(101, 131)
    with pytest.raises(ValueError, match="fill states"):
        get_formulation("rack_arc_flow").size(
            fleet(
                [1] * 30,
                upper=[99] * 30,
                racks=small_racks(
                    range(30),
                    [[int(s), int(s * s) % 97 + 31] for s in sizes],
                    [(2, [20_000, 20_000])],
                ),
            )
        )
