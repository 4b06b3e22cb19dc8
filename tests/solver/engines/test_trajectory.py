"""A trajectory keeps what is better, in order, and stays short."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest

from solver.engines.trajectory import MOST_STEPS, Trajectory


def values(trajectory: Trajectory) -> list[tuple[float | None, float | None]]:
    return [(incumbent, bound) for _, incumbent, bound in trajectory.steps]


def test_nothing_noted_is_no_step() -> None:
    assert Trajectory().steps == ()


def test_what_is_not_better_is_no_step() -> None:
    road = Trajectory()
    for incumbent, bound in ((9, 1), (9, 1), (10, 0), (8, 1), (8, 2)):
        road.note(incumbent=incumbent, bound=bound)
    assert values(road) == [(9, 1), (8, 1), (8, 2)]


@pytest.mark.parametrize("nothing", [None, math.inf, -math.inf, math.nan])
def test_what_is_not_finite_says_nothing(nothing: float | None) -> None:
    road = Trajectory()
    road.note(incumbent=nothing, bound=nothing)
    assert road.steps == ()


def test_one_side_may_be_unknown() -> None:
    road = Trajectory()
    road.note(bound=1.5)
    road.note(incumbent=3)
    assert values(road) == [(None, 1.5), (3, 1.5)]


def test_incumbents_are_rounded() -> None:
    road = Trajectory()
    road.note(incumbent=-925.9999999)
    road.note(incumbent=-926.0)
    assert values(road) == [(-926, None)]


@pytest.mark.parametrize("noise", [-1e-9, 0.0, 1e-9])
def test_a_bound_meets_its_incumbent_without_noise(noise: float) -> None:
    road = Trajectory()
    road.note(incumbent=5, bound=4.0)
    road.note(bound=5 + noise)
    assert values(road) == [(5, 4), (5, 5)]


def test_a_bound_that_rises_too_little_is_no_step() -> None:
    road = Trajectory()
    for bound in (10.0, 10.000001, 10.1):
        road.note(bound=bound)
    assert values(road) == [(None, 10), (None, 10.1)]


def test_the_best_bound_is_told() -> None:
    road = Trajectory()
    assert road.bound is None
    for bound in (1.0, 3.0, 2.0):
        road.note(bound=bound)
    assert road.bound == 3


def test_times_never_fall() -> None:
    road = Trajectory()
    for bound in range(50):
        road.note(bound=bound)
    times_s = [elapsed_s for elapsed_s, _, _ in road.steps]
    assert times_s[0] >= 0
    assert all(before <= after for before, after in pairwise(times_s))


@pytest.mark.parametrize("n", [MOST_STEPS, MOST_STEPS + 1, 10 * MOST_STEPS + 7])
def test_a_long_road_is_thinned_and_keeps_its_end(n: int) -> None:
    road = Trajectory()
    for bound in range(n):
        road.note(bound=bound)
    assert MOST_STEPS / 2 <= len(road.steps) <= MOST_STEPS
    assert road.steps[-1][2] == n - 1


def test_thinning_keeps_steps_that_were_noted() -> None:
    road = Trajectory()
    noted = {}
    for bound in range(3 * MOST_STEPS):
        road.note(bound=bound)
        noted[float(bound)] = road.steps[-1]
    assert all(noted[step[2]] == step for step in road.steps if step[2] is not None)
