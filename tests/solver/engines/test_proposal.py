"""Float proposals: believed where integers agree, handed to CP-SAT where they do not."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from formulations.milp import INFINITY, Milp
from solver.engines.contract import Effort, SolveResult, Termination
from solver.engines.proposal import Judge, Proposal


def program(scale: int = 1) -> Milp:
    """Smallest a + b with scale * (3a + 2b) >= 12 * scale, both from 0 to 9; the optimum is 4."""
    return Milp(
        name="program",
        lower=np.array([0, 0]),
        upper=np.array([9, 9]),
        is_integer=np.array([True, True]),
        row_start=np.array([0, 2]),
        column_index=np.array([0, 1]),
        value=np.array([3, 2]) * scale,
        row_lower=np.array([12]) * scale,
        row_upper=np.array([INFINITY]),
        objectives={"sum": np.array([1, 1])},
    )


RIGHT = Proposal(Termination.OPTIMAL, np.array([4.0, 1e-10]), 3.9999, 0.1, "said so")


def disposed(
    proposal: Proposal,
    milp: Milp | None = None,
    *,
    limit_s: float | None = None,
    alone: bool = False,
    **upper: int,
) -> SolveResult:
    judge = Judge("float", program() if milp is None else milp, alone=alone)
    return judge.dispose(proposal, objective="sum", upper=upper, time_limit_s=limit_s)


def test_a_right_proposal_is_believed_and_rounded() -> None:
    result = disposed(RIGHT)
    assert (result.termination, result.dual_bound, result.proved_by) == (
        Termination.OPTIMAL, 4, "float",
    )  # fmt: skip
    assert result.x is not None
    assert result.x.tolist() == [4, 0]


@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param({"x": np.array([3.0, 1.0])}, id="a point that breaks a row by one unit"),
        pytest.param({"x": np.array([4.0, 10.0])}, id="a point outside its bounds"),
        pytest.param({"x": np.array([np.nan, 0.0])}, id="a point that is not a number"),
        pytest.param({"x": np.array([1e300, 0.0])}, id="a point beyond integers"),
        pytest.param({"x": np.array([4.0, 1.0])}, id="a point above its bound"),
        pytest.param({"bound": 2.5}, id="a bound below its point"),
        pytest.param({"bound": 7.0}, id="a bound above its point"),
        pytest.param({"bound": None}, id="no bound"),
        pytest.param({"x": None}, id="no point"),
    ],
)
def test_a_wrong_optimum_is_settled_by_cp_sat(wrong: dict[str, object]) -> None:
    result = disposed(dataclasses.replace(RIGHT, **wrong))  # type: ignore[arg-type]
    assert (result.termination, result.objective, result.proved_by) == (
        Termination.OPTIMAL, 4, "cp-sat",
    )  # fmt: skip


def test_an_upper_bound_is_part_of_the_check() -> None:
    result = disposed(RIGHT, sum=3)
    assert (result.termination, result.proved_by) == (Termination.INFEASIBLE, "cp-sat")


def test_numbers_beyond_float_proofs_are_settled_by_cp_sat() -> None:
    infeasible = Proposal(Termination.INFEASIBLE, None, None, 0.1, "said so")
    for proposal in (RIGHT, infeasible):
        result = disposed(proposal, program(10**9))
        assert (result.objective, result.proved_by) == (4, "cp-sat")


def test_where_cp_sat_cannot_go_nothing_is_proved_but_the_point_stays() -> None:
    result = disposed(RIGHT, program(10**18 // 4))
    assert result.termination is Termination.OTHER
    assert (result.objective, result.dual_bound) == (4, None)


def test_infeasible_is_believed_on_small_numbers() -> None:
    result = disposed(Proposal(Termination.INFEASIBLE, None, None, 0.1, "said so"), sum=3)
    assert (result.termination, result.proved_by) == (Termination.INFEASIBLE, "float")


def test_a_time_limit_keeps_a_point_and_a_bound_that_hold() -> None:
    result = disposed(Proposal(Termination.TIME_LIMIT, np.array([2.0, 3.0]), 2.2, 0.1, "slow"))
    assert (result.termination, result.objective, result.dual_bound) == (
        Termination.TIME_LIMIT, 5, 3,
    )  # fmt: skip


def test_a_time_limit_drops_a_point_that_fails() -> None:
    result = disposed(Proposal(Termination.TIME_LIMIT, np.array([0.0, 3.0]), 2.2, 0.1, "slow"))
    assert (result.x, result.dual_bound) == (None, 3)
    assert "fails in integers" in result.message


def test_a_bound_above_a_point_that_holds_is_dropped() -> None:
    result = disposed(Proposal(Termination.TIME_LIMIT, np.array([2.0, 3.0]), 6.0, 0.1, "slow"))
    assert (result.objective, result.dual_bound) == (5, None)


def test_no_second_opinion_after_the_time_is_up() -> None:
    result = disposed(dataclasses.replace(RIGHT, bound=2.5), limit_s=0.05)
    assert (result.termination, result.objective, result.dual_bound) == (
        Termination.TIME_LIMIT, 4, None,
    )  # fmt: skip


UNMET = dataclasses.replace(RIGHT, bound=2.5)
SAID = "float said optimal, but its bound 2.5 does not meet its point 4"


def test_a_believed_claim_is_not_refused() -> None:
    assert disposed(RIGHT).refused == ""


def test_the_claim_that_was_not_believed_is_kept() -> None:
    result = disposed(UNMET)
    assert (result.refused, result.proved_by) == (SAID, "cp-sat")


def test_a_refused_claim_of_infeasibility_is_kept() -> None:
    claim = Proposal(Termination.INFEASIBLE, None, None, 0.1, "said so")
    assert disposed(claim, program(10**9)).refused == (
        "float said infeasible, but numbers above 1e+08 are beyond floating-point proofs"
    )


def test_a_refused_claim_is_kept_where_no_time_is_left() -> None:
    assert disposed(UNMET, limit_s=0.05).refused == SAID


def test_a_refused_claim_is_kept_where_cp_sat_cannot_go() -> None:
    assert "beyond floating-point proofs" in disposed(RIGHT, program(10**18 // 4)).refused


def test_a_time_limit_claims_nothing_that_could_be_refused() -> None:
    slow = Proposal(Termination.TIME_LIMIT, np.array([0.0, 3.0]), 2.2, 0.1, "slow")
    assert disposed(slow).refused == ""


def test_alone_the_point_stays_and_nothing_is_proved() -> None:
    result = disposed(UNMET, alone=True)
    assert (result.termination, result.objective, result.dual_bound) == (
        Termination.OTHER, 4, None,
    )  # fmt: skip
    assert (result.refused, result.proved_by) == (SAID, "float")


def test_alone_a_question_that_is_not_asked_ends_as_refused() -> None:
    judge = Judge("float", program(10**9), alone=True)
    result = judge.refer(objective="sum", upper={}, time_limit_s=None)
    assert (result.termination, result.x) == (Termination.OTHER, None)
    assert result.refused.startswith("float was not asked: ")


def test_not_alone_cp_sat_answers_a_question_that_is_not_asked() -> None:
    result = Judge("float", program(10**9)).refer(objective="sum", upper={}, time_limit_s=None)
    assert (result.objective, result.proved_by) == (4, "cp-sat")
    assert result.refused.startswith("float was not asked: ")


@pytest.mark.parametrize("alone", [False, True])
@pytest.mark.parametrize(
    "proposal",
    [
        RIGHT,
        UNMET,
        Proposal(Termination.INFEASIBLE, None, None, 0.1, "said so"),
        Proposal(Termination.TIME_LIMIT, None, 2.2, 0.1, "slow"),
    ],
)
def test_effort_is_that_of_the_engine_that_was_asked(proposal: Proposal, alone: bool) -> None:
    effort = Effort(nodes=3, iterations=14)
    assert disposed(dataclasses.replace(proposal, effort=effort), alone=alone).effort is effort
