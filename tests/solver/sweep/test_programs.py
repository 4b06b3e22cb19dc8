"""Programs on the replica problem: float engines are held against integers and every candidate."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from formulations.replica.registry import get_formulation
from solver.api import solve, verify
from solver.engines import get_engine
from solver.engines.highs import HighsEngine
from solver.instance.domain import ReplicaInstance
from solver.lowering.program import ReplicaNumbers, number_replica
from solver.lowering.space import lower_replica
from solver.sweep.epsilon import sweep

Small = Callable[..., ReplicaInstance]


@pytest.fixture
def treacherous(small: Small) -> ReplicaNumbers:
    """Coefficients below 1000, and yet HiGHS 1.14 calls a cost one unit too high optimal."""
    question = small(
        design__batch="1..200 step 2",
        design__tensor_parallel=[1, 2, 4, 8],
        limits={"max_cost_usd_per_mtok": "0.12"},
    )
    return number_replica(lower_replica(question))


def test_a_false_optimum_of_highs_is_noticed_and_cp_sat_asked(treacherous: ReplicaNumbers) -> None:
    problem = treacherous.problem
    cells = sorted(
        {
            (int(problem.latency[cell]), int(problem.cost[cell]))
            for cell in zip(*problem.allowed.nonzero(), strict=True)
        }
    )
    expected: list[tuple[int, int]] = []
    for latency, cost in cells:
        if latency <= 694 and (not expected or cost < expected[-1][1]):
            expected.append((latency, cost))
    expected = [pair for pair in expected if pair[1] <= 160]
    outcome = sweep(
        get_formulation("factored_big_m").build(problem),
        get_engine("highs"),
        latency_max=694,
        cost_max=160,
        second_engine=get_engine("cp-sat"),
    )
    assert outcome.status == "complete"
    assert [(p.latency, p.cost) for p in reversed(outcome.points)] == expected


def test_an_engine_that_denies_a_candidate_never_gives_a_complete_answer(
    small: Small, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The engine loses a column: all its answers are consistent, and its last proof is false.
    question = small(design__batch="1..8")
    expected = solve(question)
    honest = HighsEngine.load

    def load(self: HighsEngine, statement: object) -> None:
        honest(self, statement)  # type: ignore[arg-type]
        self._highs.changeColBounds(lost, 0.0, 0.0)

    numbers = number_replica(lower_replica(question))
    fastest = min(
        (int(numbers.problem.latency[cell]), int(numbers.problem.cost[cell]), place)
        for place, cell in enumerate(zip(*numbers.problem.allowed.nonzero(), strict=True))
    )
    lost = fastest[2]
    monkeypatch.setattr(HighsEngine, "load", load)
    found = solve(question, formulation="column_selection", engine="highs")
    assert found.status == "partial"
    assert "refuted by a candidate it missed" in found.result.open_boxes[0].reason
    assert found[0].exact != expected[0].exact
    assert verify(found)


def test_the_proof_names_the_engine_that_closed_the_box(small: Small) -> None:
    frontier = solve(small(design__batch="1..6"), formulation="column_selection", engine="scip")
    assert {point.proof["engine"] for point in frontier} == {"scip"}
    assert {point.proof["closed_by"] for point in frontier} == {"bound"}
    assert frontier[0].proof["faster"]["closed_by"] == "infeasible"
    assert set(frontier.result.provenance["engines"]) == {"scip"}
