"""A check does not lean on what the run before it remembered."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from solver.api import solve, verify
from solver.instance.domain import ReplicaInstance
from solver.performance.calibrated import step
from solver.performance.calibrated.curve_store import CurveStore
from solver.result import result_to_dict

Small = Callable[..., ReplicaInstance]
DRAFT = {"model": "Qwen3-8B", "acceptance": "0.7", "tokens": [0, 3]}


def poison(store: CurveStore) -> None:
    """Halve every time that was remembered."""
    for found in store._parts.values():
        for curve in found.values():
            curve._values *= 0.5


@pytest.mark.parametrize("changes", [{}, {"draft": DRAFT}])
def test_a_result_from_poisoned_curves_does_not_pass(
    mixture: Small, monkeypatch: pytest.MonkeyPatch, changes: dict[str, object]
) -> None:
    store = CurveStore()
    monkeypatch.setattr(step, "_OF_THE_PROCESS", store)
    question = mixture(**changes)
    sound = result_to_dict(solve(question).result)
    assert verify(sound).passed
    poison(store)
    wrong = result_to_dict(solve(question).result)
    assert wrong["points"] != sound["points"]
    failed = [check.name for check in verify(wrong).checks if not check.passed]
    assert "points" in failed
