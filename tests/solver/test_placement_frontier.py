from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path

import pytest

from solver.placement_api import solve_placement_question
from tests.solver.sweep.placement.questions import measured, priced

_COST = solve_placement_question(priced())
_RATE = solve_placement_question(measured())


def test_points_run_from_the_fastest_to_the_cheapest() -> None:
    assert list(_COST) == sorted(_COST, key=lambda p: -p.objectives["speed"])
    assert list(_COST) == sorted(_COST, key=lambda p: -p.objectives["cost"])


def test_the_fastest_and_the_cheapest_are_the_ends() -> None:
    assert _COST.fastest() == _COST[0]
    assert _COST.cheapest() == _COST[len(_COST) - 1]


def test_a_speed_asked_for_leaves_the_cheapest_that_has_it() -> None:
    speed = Fraction(10**12, int(_COST[1].exact["latency_ps"]))
    assert _COST.cheapest(min_speed=speed) == _COST[1]
    assert _COST.cheapest(min_speed=speed + 1) == _COST[0]


def test_a_cost_asked_for_leaves_the_fastest_within_it() -> None:
    assert _COST.fastest(max_cost=str(_COST[1].exact["cost"])) == _COST[1]


def test_nothing_meets_what_nothing_can() -> None:
    assert _COST.fastest(max_cost=0) is None
    assert _COST.cheapest(min_speed=1e9) is None


def test_the_greatest_throughput_is_the_last_point() -> None:
    assert _RATE.greatest_throughput() == _RATE[len(_RATE) - 1]
    assert _RATE.greatest_throughput(min_speed=100) == _RATE[0]


def test_an_objective_that_is_not_traded_off_is_refused() -> None:
    with pytest.raises(ValueError, match="not cost"):
        _RATE.cheapest()
    with pytest.raises(ValueError, match="not throughput"):
        _COST.greatest_throughput()


def test_its_text_is_its_document() -> None:
    assert json.loads(_COST.to_json()) == json.loads(json.dumps(_COST.to_dict()))


def test_it_says_what_it_is() -> None:
    assert repr(_COST) == "<PlacementFrontier 'small': complete, 3 points>"


def test_its_table_has_a_row_a_point() -> None:
    assert len(_COST.to_frame()) == len(_COST)


def test_its_picture_is_written(tmp_path: Path) -> None:
    _COST.plot(tmp_path / "frontier.svg")
    assert "<svg" in (tmp_path / "frontier.svg").read_text(encoding="utf-8")
