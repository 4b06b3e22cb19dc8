from __future__ import annotations

import math

import pytest

from solver.bench.cases import groups_of
from solver.bench.gaps import gap_curves, gap_of, seconds_to_gap
from tests.solver.bench.made_rows import made_row, stopped_row

STEPS = ((0.1, None, 50.0), (0.4, 150.0, 60.0), (0.7, 105.0, 95.0), (0.9, 100.0, 99.5))


@pytest.mark.parametrize(
    ("incumbent", "bound", "gap"),
    [(100.0, 80.0, 0.2), (-50.0, -75.0, 0.5), (0.0, -0.5, 0.5), (None, 3.0, math.inf),
     (3.0, None, math.inf), (3.0, -math.inf, math.inf)],
)  # fmt: skip
def test_the_gap_is_relative_to_the_point(
    incumbent: float | None, bound: float | None, gap: float
) -> None:
    assert gap_of(incumbent, bound) == pytest.approx(gap)


@pytest.mark.parametrize(("gap", "seconds"), [(1.0, 0.4), (0.1, 0.7), (0.01, 0.9), (0.0, 1.0)])
def test_a_gap_is_reached_at_the_first_step_within_it(gap: float, seconds: float) -> None:
    # Gaps of the steps: infinite, 90/150, 10/105, 0.5/100; proved at the end.
    assert seconds_to_gap(made_row(trajectory=STEPS), gap) == seconds


def test_a_stopped_row_reaches_the_gap_that_its_end_tells() -> None:
    # |120 - 80| / 120 is a third.
    row = stopped_row("a")
    assert [seconds_to_gap(row, gap) for gap in (1.0, 0.1, 0.0)] == [10.0, None, None]


@pytest.mark.parametrize(
    "changes",
    [{"verdict": "wrong"}, {"verdict": "missing"}, {"status": "refused", "verdict": "open"},
     {"status": "not_applicable", "verdict": "none"}],
)  # fmt: skip
def test_rows_that_cannot_be_believed_reach_no_gap(changes: dict[str, str]) -> None:
    assert seconds_to_gap(made_row(trajectory=STEPS, **changes), 1.0) is None


def test_a_trajectory_that_meets_does_not_prove() -> None:
    row = stopped_row("a", trajectory=((0.5, 100.0, 100.0),), incumbent=100, bound=99)
    assert seconds_to_gap(row, 0.0) is None


def test_the_share_counts_every_case_of_the_group() -> None:
    rows = [
        made_row("a", instance="one", wall_s=2.0),
        made_row("a", instance="two", wall_s=5.0),
        stopped_row("a", instance="zoo"),
    ]
    (curve,) = gap_curves(groups_of(rows)[0], gaps=[0.0])
    assert (curve.seconds, curve.shares) == ((2.0, 5.0), (1 / 3, 2 / 3))
    assert [curve.at(seconds) for seconds in (1.9, 2.0, 6.0)] == [0.0, 1 / 3, 2 / 3]


def test_wider_gaps_are_never_reached_later() -> None:
    row = made_row(trajectory=STEPS)
    times = [seconds_to_gap(row, gap) for gap in (1.0, 0.1, 0.01, 0.0)]
    assert times == sorted(times, key=lambda t: math.inf if t is None else t)
