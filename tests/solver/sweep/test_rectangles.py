"""Spaces whose latency may fall as the batch grows: every candidate is looked at."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from solver.instance.domain import ReplicaInstance
from solver.lowering.design import evaluate_alone
from solver.lowering.families import CandidateFamily
from solver.lowering.space import ReplicaSpace, lower_replica
from solver.sweep.conflict import count_refused, explain_conflict
from solver.sweep.enumeration import enumerate_frontier
from solver.sweep.rectangles import rectangles_of
from solver.sweep.staircase import Staircase
from solver.sweep.survey import survey

Small = Callable[..., ReplicaInstance]
PROMPTS = {"model": "Qwen3-30B-A3B", "input_tokens": 2000, "output_tokens": 300}


def by_hand(space: ReplicaSpace) -> list[tuple[int, Fraction]]:
    """Nondominated pairs of all candidates, each evaluated alone, compared pair by pair."""
    pairs = set()
    for family in space.families:
        for row, column in np.ndindex(family.shape):
            alone = evaluate_alone(space, family, row, column)
            if alone.allowed:
                pairs.add((alone.latency_ps, alone.cost))
    frontier: list[tuple[int, Fraction]] = []
    for pair in sorted(pairs):
        if not frontier or pair[1] < frontier[-1][1]:
            frontier.append(pair)
    return frontier


def found(space: ReplicaSpace, **options: Any) -> list[tuple[int, Fraction]]:
    return [(point.latency_ps, point.cost) for point in enumerate_frontier(space, **options).points]


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"design__weight_format": ["bf16", "fp8", "fp8_block"]},
        {"draft": {"model": "Qwen3-8B", "acceptance": "0.7", "tokens": [0, 2]}},
        {"workload": PROMPTS, "limits": {"max_ttft_s": "0.4", "max_devices": 4}},
        {"design__batch": [1, 500, 4000], "limits": {"min_speed_tok_per_s": 20}},
    ],
)
def test_the_frontier_is_that_of_every_candidate_evaluated_alone(
    mixture: Small, changes: dict[str, Any]
) -> None:
    space = lower_replica(mixture(**changes))
    expected = by_hand(space)
    assert expected
    assert found(space) == expected


class _Falling:
    """A table whose every second batch is faster than the one before."""

    rises_with_batch = False
    resolution_ps = 1

    def __init__(self, table: Any) -> None:
        self._table = table

    def __getattr__(self, name: str) -> Any:
        return getattr(self._table, name)

    def latency_s(self, rows: Any, columns: Any) -> Any:
        return self._table.latency_s(rows, columns) * np.where(columns % 2, 0.8, 1.0)


def falling(space: ReplicaSpace) -> ReplicaSpace:
    for family in space.families:
        assert isinstance(family, CandidateFamily)
        family.step = _Falling(family.step)
    return space


def test_a_faster_larger_batch_is_never_passed_over(small: Small) -> None:
    space = falling(lower_replica(small()))
    pairs = sorted(
        (ps, space.cost(family, row, column, ps))
        for family in space.families
        for row, column in np.ndindex(family.shape)
        for at in [(np.array([row]), np.array([column]))]
        for ps in [int(family.latency_ps(*at)[0])]
        if family.allowed(*at, np.array([ps]))[0]
    )
    frontier: list[tuple[int, Fraction]] = []
    for pair in pairs:
        if not frontier or pair[1] < frontier[-1][1]:
            frontier.append(pair)
    assert found(space) == frontier


@pytest.mark.parametrize("cells", [1, 7, 40])
def test_the_size_of_a_block_changes_nothing(
    mixture: Small, monkeypatch: pytest.MonkeyPatch, cells: int
) -> None:
    space = lower_replica(mixture())
    whole = found(space)
    monkeypatch.setattr("solver.sweep.rectangles.RECTANGLE_CELLS", cells)
    assert found(space) == whole


def test_blocks_hold_every_candidate_once(mixture: Small, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("solver.sweep.rectangles.RECTANGLE_CELLS", 5)
    for family in lower_replica(mixture()).families:
        cells = [
            (row, column)
            for part in rectangles_of(family)
            for row in part.rows.tolist()
            for column in part.columns.tolist()
        ]
        assert sorted(cells) == list(np.ndindex(family.shape))
        assert all(part.size <= 5 for part in rectangles_of(family))


def test_a_stop_leaves_everything_open(mixture: Small, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("solver.sweep.rectangles.RECTANGLE_CELLS", 16)
    space = lower_replica(mixture())
    asked = iter(range(10**6))
    outcome = enumerate_frontier(space, should_stop=lambda: next(asked) >= 2)
    assert outcome.stopped_by == "stopped by the user"
    assert [(corner.latency_ps, corner.cost) for corner in outcome.open_corners] == [
        (0, Fraction(0))
    ]
    assert 0 < outcome.evaluated < space.n_candidates


def test_all_candidates_are_reported_as_evaluated(mixture: Small) -> None:
    space = lower_replica(mixture())
    told: list[tuple[int, int]] = []
    outcome = enumerate_frontier(space, on_progress=lambda done, of: told.append((done, of)))
    assert outcome.evaluated == space.n_candidates == told[-1][0] == told[-1][1]
    assert not outcome.open_corners


def test_a_staircase_of_nothing_beats_nothing() -> None:
    empty = Staircase(np.zeros(0, dtype=np.int64), np.zeros(0))
    assert not empty.beats(np.array([5]), np.array([1.0])).any()


def test_a_limit_on_the_first_token_is_counted_and_binds(mixture: Small) -> None:
    family = lower_replica(mixture(workload=PROMPTS)).families[0]
    fastest_ps = family.ttft_ps(np.arange(1), np.arange(1))
    assert fastest_ps is not None
    # What one device needs for one sequence, and a microsecond.
    limit = f"{int(fastest_ps[0]) // 10**6 + 1}/1000000"
    question = mixture(workload=PROMPTS, limits={"max_ttft_s": limit})
    entry = next(limit for limit in survey(question).limits if limit.name == "max_ttft")
    assert entry.unit == "s"
    assert 0 < entry.refused < lower_replica(question).n_candidates
    assert entry.binds


def test_a_limit_on_the_first_token_that_nothing_meets_says_what_would(mixture: Small) -> None:
    space = lower_replica(mixture(workload=PROMPTS, limits={"max_ttft_s": "0.001"}))
    conflict = explain_conflict(space)
    assert conflict is not None
    (limit,) = conflict.limits
    assert limit.limit == "max_ttft"
    assert limit.needed is not None
    eased = mixture(workload=PROMPTS, limits={"max_ttft_s": str(limit.needed)})
    assert count_refused(lower_replica(eased))[0]["feasible"] > 0
