"""Closing boxes again: another engine each time, and nothing short of a proof counts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest

import solver.sweep.moip.reprove as module
from formulations.milp import INFINITY, Milp
from formulations.moip.problem import MultiObjectiveProgram
from solver.engines.contract import SolveResult, Termination
from solver.errors import EngineError
from solver.sweep.moip.claims import Claim, Corner
from solver.sweep.moip.document import outcome_to_dict
from solver.sweep.moip.outcome import SearchOutcome
from solver.sweep.moip.reading import MoipResult, outcome_from_dict
from solver.sweep.moip.reprove import reprove_boxes
from solver.sweep.moip.search import search
from tests.oracles import plain_moip as plain
from tests.oracles.small_programs import stated


class FakeEngine:
    """Answers every question in one way, and counts them."""

    def __init__(self, name: str, answer: SolveResult, refuses: bool = False) -> None:
        self.name, self.answer, self.refuses, self.asked = name, answer, refuses, 0

    def load(self, _: object) -> None:
        if self.refuses:
            raise EngineError.one("too large", where=self.name, mend="Use another")

    def minimise(
        self, _: str, *, upper: Mapping[str, int], time_limit_s: float | None = None
    ) -> SolveResult:
        self.asked += 1
        assert time_limit_s is None or time_limit_s > 0
        assert all(isinstance(value, int) for value in upper.values())
        return self.answer


def says(termination: Termination, by: str) -> SolveResult:
    return SolveResult(termination, None, None, None, 0.0, "as told", by)


Fakes = dict[str, FakeEngine]


@pytest.fixture
def fakes(monkeypatch: pytest.MonkeyPatch) -> Fakes:
    engines = {
        name: FakeEngine(name, says(Termination.INFEASIBLE, name))
        for name in ("cp-sat", "highs", "scip")
    }
    monkeypatch.setattr(module, "get_engine", engines.__getitem__)
    return engines


def claimed_by(engine: str) -> SearchOutcome:
    def claim(_: object, corner: Corner) -> Claim:
        return Claim(corner, None, None, engine, "infeasible")

    return plain.outcome(plain.knapsack(), claim=claim)


def test_boxes_of_another_engine_are_closed_by_cp_sat(fakes: Fakes) -> None:
    assert reprove_boxes(MoipResult(claimed_by("highs"), ())).passed
    assert fakes["cp-sat"].asked > 0
    assert fakes["highs"].asked == fakes["scip"].asked == 0


def test_boxes_of_cp_sat_are_closed_by_highs(fakes: Fakes) -> None:
    assert reprove_boxes(MoipResult(claimed_by("cp-sat"), ())).passed
    assert fakes["highs"].asked > 0
    assert fakes["cp-sat"].asked == 0


def test_a_question_handed_back_to_the_first_engine_goes_to_a_third(fakes: Fakes) -> None:
    fakes["highs"].answer = says(Termination.INFEASIBLE, "cp-sat")
    assert reprove_boxes(MoipResult(claimed_by("cp-sat"), ())).passed
    assert fakes["scip"].asked > 0


def test_an_engine_that_refuses_the_program_is_passed_over(fakes: Fakes) -> None:
    fakes["cp-sat"].refuses = True
    assert reprove_boxes(MoipResult(claimed_by("labels"), ())).passed
    assert fakes["cp-sat"].asked == 0
    assert fakes["highs"].asked > 0


def test_no_other_engine_means_not_reproved(fakes: Fakes, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(program: MultiObjectiveProgram) -> None:
        raise EngineError.one("too large", where=program.name, mend="Use another")

    monkeypatch.setattr(module, "Directions", refuse)
    fakes["cp-sat"].refuses = fakes["scip"].refuses = True
    check = reprove_boxes(MoipResult(claimed_by("highs"), ()))
    assert not check.passed
    assert "not reproved" in check.faults[0]


@pytest.mark.parametrize("termination", [Termination.TIME_LIMIT, Termination.OTHER])
def test_anything_but_a_proof_is_not_reproved(fakes: Fakes, termination: Termination) -> None:
    fakes["cp-sat"].answer = says(termination, "cp-sat")
    check = reprove_boxes(MoipResult(claimed_by("highs"), ()), time_limit_s=1.0)
    assert not check.passed
    assert all("not reproved" in fault for fault in check.faults)
    assert len(check.faults) <= module.MAX_DETAILS


def test_an_interrupt_ends_the_check(fakes: Fakes) -> None:
    fakes["cp-sat"].answer = says(Termination.INTERRUPTED, "cp-sat")
    with pytest.raises(KeyboardInterrupt):
        reprove_boxes(MoipResult(claimed_by("highs"), ()))


def test_boxes_inside_boxes_are_not_asked_about(fakes: Fakes) -> None:
    outcome = claimed_by("highs")
    reprove_boxes(MoipResult(outcome, ()))
    # Every box below a point lies inside a closed box of a complete result.
    assert fakes["cp-sat"].asked <= len(outcome.closed_boxes)


def test_a_larger_box_closed_by_the_engine_itself_does_not_count(fakes: Fakes) -> None:
    outcome = claimed_by("highs")
    points = tuple(
        replace(point, proof=tuple(replace(c, engine="cp-sat") for c in point.proof))
        for point in outcome.points
    )
    assert reprove_boxes(MoipResult(replace(outcome, points=points), ())).passed
    assert fakes["highs"].asked > 0


def test_progress_counts_boxes_to_the_end(fakes: Fakes) -> None:
    told: list[tuple[int, int]] = []
    outcome = claimed_by("highs")
    reprove_boxes(MoipResult(outcome, ()), on_progress=lambda *pair: told.append(pair))
    assert told[-1][0] == told[-1][1] == len(outcome.closed_boxes) + 2 * len(outcome.points)
    assert fakes


def test_rows_that_do_not_conflict_are_found_out() -> None:
    problem = stated([[1, 2], [2, 1]], [([1, 1], 5, 9), ([1, 0], 0, 1)]).program
    outcome = plain.outcome(problem)
    assert reprove_boxes(MoipResult(outcome, ("r1",))).passed
    check = reprove_boxes(MoipResult(outcome, ("r2",)))
    assert check.faults == ("the conflicting rows: not reproved",)
    check = reprove_boxes(MoipResult(outcome, ("r1", "r2")))
    assert [fault.split(":")[0] for fault in check.faults] == ["row r2 has no part in the conflict"]


def test_boxes_that_floats_cannot_judge_are_listed_by_labels() -> None:
    # Coefficients above the float-proof limit: HiGHS and SCIP would hand the question to CP-SAT,
    # which is the one to be checked.
    draw = np.random.default_rng(9)
    n = 7
    rows = draw.integers(10**9, 10**10, n)
    milp = Milp(
        "large", np.zeros(n, dtype=np.int64), np.ones(n, dtype=np.int64), np.ones(n, dtype=bool),
        np.array([0, n]), np.arange(n), rows, np.array([-INFINITY]), np.array([rows.sum() // 2]),
        {"f1": -draw.integers(1, 50, n), "f2": -draw.integers(1, 50, n)},
    )  # fmt: skip
    names = tuple(f"x{j}" for j in range(n))
    program = MultiObjectiveProgram(milp, ("max", "max"), (1, 1), (0, 0), names, ("r",))
    outcome = search(program, engines=["cp-sat"])
    check = reprove_boxes(outcome_from_dict(outcome_to_dict(outcome)))
    assert check.passed, check.faults
    assert "labels" in check.detail
