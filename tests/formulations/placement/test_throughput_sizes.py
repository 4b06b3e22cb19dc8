"""Sizes on paper, and proved relations of linear relaxations, of the throughput formulations."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings

from formulations.indicator import IndicatorProgram
from formulations.placement.problem import THROUGHPUT, PlacementProblem
from formulations.placement.registry import FORMULATIONS, get_formulation
from formulations.program import Statement
from formulations.size import size_of
from solver.engines.relaxation import LinearRelaxation
from tests.oracles.plain_placement import clusters


def relaxed_rate(statement: Statement) -> float:
    """The greatest rate of the linear relaxation, implications left out."""
    milp = statement.milp if isinstance(statement, IndicatorProgram) else statement
    goal = milp.objectives[THROUGHPUT].astype(np.float64)
    solved = LinearRelaxation(milp).solve(goal)
    assert solved is not None
    return -float(goal @ solved[0])


@pytest.mark.parametrize("name", [formulation.name for formulation in FORMULATIONS])
@settings(max_examples=40, deadline=None, derandomize=True)
@given(problem=clusters())
def test_the_size_on_paper_is_that_of_the_program(name: str, problem: PlacementProblem) -> None:
    formulation = get_formulation(name)
    built = size_of(formulation.build(problem).statement)
    paper = formulation.size(problem)
    assert (paper.rows, paper.columns) == (built.rows, built.columns)


@pytest.mark.parametrize("name", ["arc_flow", "stage_work"])
@settings(max_examples=25, deadline=None, derandomize=True)
@given(problem=clusters())
def test_no_relaxation_that_knows_of_work_exceeds_it(name: str, problem: PlacementProblem) -> None:
    work = sum(
        count * max(k * problem.rate(orbit, k) for k in problem.held(orbit))
        for orbit, count in enumerate(problem.count.tolist())
    )
    rate = relaxed_rate(get_formulation(name).build(problem).statement)
    assert rate <= work / problem.layers + 1e-6


@pytest.mark.parametrize(
    ("stronger", "weaker"),
    [("stage_work", "stage_assignment"), ("stage_assignment", "stage_indicator")],
)
@settings(max_examples=25, deadline=None, derandomize=True)
@given(problem=clusters())
def test_the_stronger_relaxation_lets_no_more_flow(
    stronger: str, weaker: str, problem: PlacementProblem
) -> None:
    rates = [
        relaxed_rate(get_formulation(name).build(problem).statement) for name in (stronger, weaker)
    ]
    assert rates[0] <= rates[1] + 1e-6


def test_one_throughput_formulation_is_the_textbook_one() -> None:
    assert [one.name for one in FORMULATIONS if one.textbook] == ["stage_assignment"]
