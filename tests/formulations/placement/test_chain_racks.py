"""Racks of the same kinds of hosts under one spine: orbits that differ in their place only."""

from __future__ import annotations

import numpy as np
import pytest

from formulations.placement.chain_frontier import cost_frontier
from formulations.placement.chain_plan import violations
from formulations.placement.chain_problem import ChainOption, ChainProblem, ChainSetting
from formulations.placement.chain_search import ChainSearch

_KINDS = ((38, 10, 60), (27, 14, 36), (25, 30, 40))
"""Price, time of a layer and memory of the hosts of a rack."""


def racks_problem(*, racks: int, hosts: int, layers: int, layer_bytes: int) -> ChainProblem:
    """``racks`` with ``hosts`` of each kind: 2 to the exit, 3 within a rack, 5 across the spine."""
    kinds = len(_KINDS)
    ends = racks * kinds + 1
    rack = np.arange(ends) // kinds
    hop = np.where(rack[:, None] == rack, 3, 5)
    hop[-1], hop[:, -1] = 2, 2
    sizes = (ChainSetting(1, 1), ChainSetting(1, 4))
    options = [
        ChainOption(f"{r}/{kind}", r * kinds + kind, price, memory, (time,) * 2,
                    (layer_bytes,) * 2, (0, 0))
        for r in range(racks)
        for kind, (price, time, memory) in enumerate(_KINDS)
    ]  # fmt: skip
    return ChainProblem(
        name="racks",
        layers=layers,
        count=np.full(racks * kinds, hosts),
        settings=sizes,
        options=options,
        hand_over_ps=np.stack([hop, hop]).astype(np.int64),
        linked=np.ones((ends, ends), dtype=np.bool_),
    )


def _counted(problem: ChainProblem, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many orbits each complete run of ``cost_frontier`` counts the hosts of."""
    counted: list[int] = []
    made = ChainSearch.__init__

    def noted(search: ChainSearch, tables: object, **given: object) -> None:
        made(search, tables, **given)  # type: ignore[arg-type]
        if not given["quick"]:
            counted.append(len(given["counted"]))  # type: ignore[arg-type]

    monkeypatch.setattr(ChainSearch, "__init__", noted)
    cost_frontier(problem)
    return counted


def test_where_two_hosts_hold_the_model_no_orbit_of_four_racks_is_counted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    problem = racks_problem(racks=4, hosts=4, layers=40, layer_bytes=2)
    assert _counted(problem, monkeypatch) == [0, 0]


def test_where_one_rack_has_too_few_of_the_best_hosts_they_are_counted_in_all(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    problem = racks_problem(racks=2, hosts=1, layers=20, layer_bytes=5)
    assert max(_counted(problem, monkeypatch)) >= 2


def test_more_racks_than_a_chain_can_use_change_no_point() -> None:
    # Four hosts of a kind are more than any of them needs, and racks are alike.
    two = cost_frontier(racks_problem(racks=2, hosts=4, layers=40, layer_bytes=2))
    four = cost_frontier(racks_problem(racks=4, hosts=4, layers=40, layer_bytes=2))
    assert [(p.time_ps, p.cost) for p in two] == [(p.time_ps, p.cost) for p in four]


def test_chains_across_racks_keep_all_rules() -> None:
    problem = racks_problem(racks=2, hosts=1, layers=20, layer_bytes=5)
    points = cost_frontier(problem)
    assert any(len(point.plan.stages) > 1 for point in points)
    for point in points:
        assert violations(problem.tables(point.setting), point.plan) == []
