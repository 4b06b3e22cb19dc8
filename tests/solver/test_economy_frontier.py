"""Economic questions through the public functions: what comes back, what is refused."""

from __future__ import annotations

import json
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest

import solver
from solver.api import solve, verify
from solver.economy_frontier import EconomyFrontier
from solver.errors import InstanceError
from solver.instance.domain import Limits
from tests.oracles.economic_questions import every_candidate, small_question, two_models

QUESTION = two_models(design={"batch": [1, 2, 5, 12, 24]})


@pytest.fixture(scope="module")
def frontier() -> EconomyFrontier:
    found = solve(QUESTION)
    assert isinstance(found, EconomyFrontier)
    return found


def test_a_question_of_more_than_speed_and_cost_gives_an_economic_frontier(
    frontier: EconomyFrontier,
) -> None:
    assert frontier.status == "complete"
    assert frontier.objectives == ("quality", "speed", "cost")
    assert len(frontier) == len(frontier.points) == len(list(frontier))
    assert frontier[0].objectives["quality"] == 69.4
    assert repr(frontier).startswith("<EconomyFrontier 'small': complete, ")


@pytest.mark.parametrize("quality", ["69.4", "69.1", "45.3", "45", None])
@pytest.mark.parametrize("speed", ["100", "333.3", None])
def test_the_cheapest_point_of_a_slice_is_the_cheapest_design_of_all(
    frontier: EconomyFrontier, quality: str | None, speed: str | None
) -> None:
    costs = [
        worth.cost
        for *_, worth in every_candidate(QUESTION)
        if (quality is None or (worth.quality or 0) >= Fraction(quality))
        and (speed is None or Fraction(10**12, worth.latency_ps) >= Fraction(speed))
    ]
    point = frontier.cheapest(min_speed=speed, min_quality=quality)
    assert point is not None
    assert Fraction(point.exact["cost"]) == min(costs)


def test_nothing_is_cheapest_where_nothing_is_good_enough(frontier: EconomyFrontier) -> None:
    assert frontier.cheapest(min_quality="69.5") is None
    assert frontier.cheapest(min_speed=1e6) is None


def test_a_floor_under_what_is_not_traded_off_is_refused() -> None:
    found = solve(small_question(trade_off=("energy", "cost")))
    assert isinstance(found, EconomyFrontier)
    with pytest.raises(ValueError, match="speed is not traded off"):
        found.cheapest(min_speed=10)


def test_the_table_has_a_row_for_each_point_and_names_every_figure(
    frontier: EconomyFrontier,
) -> None:
    frame = frontier.to_frame()
    assert len(frame) == len(frontier)
    wanted = {"quality", "speed", "cost", "exact_latency_ps", "model", "watts", "hbm_s"}
    assert wanted <= set(frame.columns)
    assert not frame.columns.duplicated().any()


def test_what_is_saved_is_verified(frontier: EconomyFrontier, tmp_path: Path) -> None:
    path = tmp_path / "answer.json"
    frontier.save(path)
    assert json.loads(path.read_text()) == frontier.to_dict()
    assert verify(path, instance=QUESTION).passed
    assert verify(frontier).passed


@pytest.mark.parametrize(
    ("options", "where"),
    [
        ({"formulation": "column_selection"}, "--formulation"),
        ({"engine": "highs"}, "--engine"),
        ({"tolerance": "10%"}, "--tolerance"),
        ({"workers": 2}, "--workers"),
        ({"checkpoint": "run.jsonl"}, "--checkpoint"),
    ],
)
def test_an_option_that_does_not_fit_is_refused_with_a_cure(
    options: dict[str, str], where: str
) -> None:
    with pytest.raises(InstanceError, match=f"^{where}: ") as told:
        solve(QUESTION, **options)  # type: ignore[call-overload]
    assert "eave" in str(told.value)


def test_an_infeasible_question_tells_its_conflict() -> None:
    found = solve(replace(QUESTION, limits=Limits(min_quality=Fraction(90))))
    assert isinstance(found, EconomyFrontier)
    assert found.status == "infeasible"
    assert repr(found) == "<EconomyFrontier 'small': infeasible>"
    assert [limit["limit"] for limit in found.conflict[0]["limits"]] == ["min_quality"]
    assert found.cheapest() is None


def test_the_class_is_public() -> None:
    assert solver.EconomyFrontier is EconomyFrontier
