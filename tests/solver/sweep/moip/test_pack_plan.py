"""Packing searches: the same set as other engines, claims that hold, and an end when asked."""

from __future__ import annotations

import itertools
import time
from typing import Any

import numpy as np
import pytest

from formulations.milp import INFINITY, Milp
from formulations.moip.problem import MultiObjectiveProgram
from solver.engines.labels.packing_search import PackingSearch
from solver.sweep.moip.claims import Claim, FoundPoint, JobReport
from solver.sweep.moip.jobs import PACKING, PackJob, perform
from solver.sweep.moip.ledger import Ledger
from solver.sweep.moip.pack_plan import PackPlan
from solver.sweep.moip.search import search


def packing(columns: int, rows: int, seed: int) -> MultiObjectiveProgram:
    """Maximise two values over columns of which each row takes at most one of three."""
    draw = np.random.default_rng(seed)
    index = np.concatenate([draw.choice(columns, 3, replace=False) for _ in range(rows)])
    milp = Milp(
        f"packing-{columns}-{rows}-{seed}",
        np.zeros(columns, dtype=np.int64),
        np.ones(columns, dtype=np.int64),
        np.ones(columns, dtype=bool),
        np.arange(rows + 1, dtype=np.int64) * 3,
        index.astype(np.int64),
        np.ones(3 * rows, dtype=np.int64),
        np.full(rows, -INFINITY),
        np.ones(rows, dtype=np.int64),
        {name: -draw.integers(1, 50, columns) for name in ("f1", "f2")},
    )
    columns_named = tuple(f"x{j}" for j in range(columns))
    rows_named = tuple(f"r{i}" for i in range(rows))
    return MultiObjectiveProgram(milp, ("max", "max"), (1, 1), (0, 0), columns_named, rows_named)


@pytest.mark.parametrize("seed", range(6))
def test_packing_alone_finds_what_labels_alone_find(seed: int) -> None:
    program = packing(18, 14, seed)
    ours = search(program, engines=[PACKING])
    theirs = search(program, engines=["labels"])
    assert ours.status == theirs.status == "complete"
    assert [p.image for p in ours.points] == [p.image for p in theirs.points]


def test_two_workers_find_the_same_set() -> None:
    program = packing(40, 40, seed=1)
    alone = search(program, engines=[PACKING])
    shared = search(program, engines=[PACKING], workers=2)
    assert [p.image for p in shared.points] == [p.image for p in alone.points]


@pytest.mark.parametrize("direction", [(1, 1), (700, 300), (1, 999)])
def test_a_supported_step_proves_the_least_weighted_sum(direction: tuple[int, int]) -> None:
    program = packing(18, 14, seed=2)
    images = [p.image for p in search(program, engines=["labels"]).points]
    job = PackJob(direction, (program.ceiling,), (), supported=True, time_limit_s=None)
    (claim,) = perform(program, job).claims
    least = min(sum(w * z for w, z in zip(direction, image, strict=True)) for image in images)
    assert (claim.upper, claim.weights, claim.bound) == (program.ceiling, direction, least)


def test_a_stop_request_ends_a_long_search_with_what_it_has() -> None:
    program = packing(200, 500, seed=3)
    until_s = time.monotonic() + 3
    outcome = search(program, engines=[PACKING], should_stop=lambda: time.monotonic() > until_s)
    # Far more than a step between two looks at the request, far less than the whole search.
    assert time.monotonic() < until_s + 20
    assert outcome.status == "partial"
    assert outcome.points or outcome.candidates


def test_ctrl_c_within_a_step_ends_the_search_with_what_it_has(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    program, nodes, real = packing(60, 80, seed=5), itertools.count(1), PackingSearch._children

    def children(self: PackingSearch, *node: Any) -> Any:
        if next(nodes) == 40:
            raise KeyboardInterrupt
        return real(self, *node)

    monkeypatch.setattr(PackingSearch, "_children", children)
    outcome = search(program, engines=[PACKING])
    assert next(nodes) == 41
    assert outcome.points or outcome.candidates
    assert {box.reason for box in outcome.open_boxes} == {"interrupted"}


def test_steps_whose_proofs_were_refuted_are_asked_for_no_more() -> None:
    program = packing(18, 14, seed=2)
    ledger = Ledger(program)
    plan = PackPlan(ledger, share=1)
    jobs = plan.jobs()
    nothing_chosen = FoundPoint((0, 0), np.zeros(18, dtype=np.int64))
    ledger.admit([nothing_chosen], [Claim(program.ceiling, None, None, PACKING, "enumeration")])
    for job in jobs:
        if job is not None:
            plan.learn(job, JobReport((), (), 0, 0.0))
    assert ledger.distrusted == {PACKING}
    assert ledger.open_corners


def test_steps_that_are_refused_are_asked_for_no_more() -> None:
    plan = PackPlan(Ledger(packing(18, 14, seed=2)), share=1)
    jobs = plan.jobs()
    job = next(jobs)
    assert job is not None
    plan.learn(job, JobReport((), (), 0, 0.0, stopped="too large", refused=True))
    assert sum(job is not None for job in jobs) <= 2


def test_other_programs_are_left_to_other_engines() -> None:
    program = packing(6, 3, seed=4)
    milp = program.milp
    doubled = Milp(
        milp.name, milp.lower, milp.upper, milp.is_integer, milp.row_start, milp.column_index,
        2 * milp.value, milp.row_lower, milp.row_upper, milp.objectives,
    )  # fmt: skip
    other = MultiObjectiveProgram(
        doubled, program.senses, (1, 1), (0, 0), program.column_names, program.row_names
    )
    assert PackPlan.suits(program)
    assert not PackPlan.suits(other)
