"""The pruned enumeration against looking at every candidate, one at a time."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from solver.instance.domain import ReplicaInstance
from solver.lowering.design import design_alone, evaluate_alone, locate
from solver.lowering.space import ReplicaSpace, lower_replica
from solver.sweep.enumeration import enumerate_frontier

Small = Callable[..., ReplicaInstance]


def by_hand(space: ReplicaSpace) -> list[tuple[int, Fraction]]:
    """Nondominated pairs of all candidates, each evaluated alone, compared pair by pair."""
    pairs = set()
    for family in space.families:
        for row in range(family.shape[0]):
            for column in range(family.shape[1]):
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


CHANGES: list[dict[str, Any]] = [
    {},
    {"workload__model": "Mixtral-8x7B", "design__tensor_parallel": [4, 8]},
    {"design__tensor_parallel_2d": [4, 16]},
    {"design__accelerator": ["H100 SXM", "A100-80GB SXM"], "price__usd_per_hour": None},
    {"draft": {"model": "Llama-3.1-8B", "acceptance": "0.8", "tokens": "0..3"}},
    {"limits": {"max_tok_per_s": 3000}},
    {"limits": {"min_speed_tok_per_s": 100, "max_cost_usd_per_mtok": "1.5"}},
    {"limits": {"max_devices": 2, "max_usd_per_hour": "4.2"}},
    {"workload__context_tokens": 60000, "design__batch": "1..32"},
    {"rules": {"stages_divide_batch": False, "degrees_divide": False}},
    {"rules": {"hbm_account": "published"}, "design__kv_bits": [8, 16]},
]


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: ",".join(change) or "plain")
def test_the_frontier_is_that_of_every_candidate_evaluated_alone(
    small: Small, change: dict[str, Any]
) -> None:
    space = lower_replica(small(**{"design__batch": "1..24", **change}))
    expected = by_hand(space)
    assert expected
    assert found(space) == expected


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    model=st.sampled_from(["Llama-3.1-8B", "Mixtral-8x7B", "Llama-3.1-70B"]),
    accelerator=st.sampled_from(["H100 SXM", "A100-80GB SXM", "L40S"]),
    context=st.integers(0, 30000),
    degrees=st.sets(st.sampled_from([1, 2, 3, 4, 8, 16, 32]), min_size=1),
    batches=st.sets(st.integers(1, 400), min_size=1, max_size=25),
    price=st.fractions(min_value=Fraction(1, 10), max_value=9, max_denominator=97),
)
def test_pruning_never_loses_a_point(
    small: Small,
    model: str,
    accelerator: str,
    context: int,
    degrees: set[int],
    batches: set[int],
    price: Fraction,
) -> None:
    question = small(
        workload={"model": model, "context_tokens": context},
        design__accelerator=accelerator,
        design__tensor_parallel=sorted(degrees),
        design__tensor_parallel_2d="1..16",
        design__pipeline_parallel=[1, 2, 3],
        design__batch=sorted(batches),
        design__weight_bits=[8],
        rules={"degrees_divide": False, "hbm_account": "published"},
        price={"usd_per_hour": str(price)},
        accelerators=[{"extends": accelerator, "name": accelerator, "hbm_gb": 800}],
    )
    space = lower_replica(question)
    assert found(space) == found(space, prune=False) == by_hand(space)


def test_scaling_the_price_scales_every_cost_and_moves_no_point(small: Small) -> None:
    once = found(lower_replica(small()))
    thrice = found(lower_replica(small(price__usd_per_hour="6.30")))
    assert thrice == [(latency, 3 * cost) for latency, cost in once]


def test_a_dominated_machine_changes_nothing(small: Small) -> None:
    dear = {"extends": "H100 SXM", "name": "Dear H100"}
    both = small(
        design__accelerator=["H100 SXM", "Dear H100"],
        price__usd_per_hour={"H100 SXM": "2.10", "Dear H100": "2.11"},
        accelerators=[dear],
    )
    points = enumerate_frontier(lower_replica(both)).points
    assert {point.family.machine.accelerator.name for point in points} == {"H100 SXM"}
    assert [(p.latency_ps, p.cost) for p in points] == found(lower_replica(small()))


def test_the_array_path_and_the_scalar_path_give_the_same_design(small: Small) -> None:
    space = lower_replica(small(draft={"model": "Llama-3.1-8B", "acceptance": "0.7"}))
    from solver.sweep.assemble import describe_all

    points = enumerate_frontier(space).points
    for point, design in zip(points, describe_all(points), strict=True):
        assert design_alone(space, point.family, point.row, point.column) == design
        assert locate(space, design) == (point.family, point.row, point.column)


def test_equal_candidates_give_the_simplest_deployment(small: Small) -> None:
    question = small(design__tensor_parallel=[1], design__tensor_parallel_2d=[1])
    points = enumerate_frontier(lower_replica(question)).points
    assert not any(point.family.step.two_dimensional for point in points)


@pytest.mark.parametrize("blocks", range(4))
def test_a_stop_leaves_every_missing_point_in_an_open_region(
    small: Small, monkeypatch: pytest.MonkeyPatch, blocks: int
) -> None:
    monkeypatch.setattr("solver.sweep.enumeration.BLOCK_CELLS", 16)
    space = lower_replica(small())
    complete = found(space)
    asked = iter(range(10**6))
    outcome = enumerate_frontier(space, should_stop=lambda: next(asked) >= blocks)
    assert outcome.stopped_by == "stopped by the user"
    assert outcome.open_corners
    seen = {(point.latency_ps, point.cost) for point in outcome.points}
    for latency, cost in complete:
        inside = any(
            corner.latency_ps <= latency and corner.cost <= cost for corner in outcome.open_corners
        )
        assert (latency, cost) in seen or inside


def test_an_interrupt_before_the_first_bound_leaves_everything_open(
    small: Small, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    space = lower_replica(small())
    monkeypatch.setattr("solver.sweep.enumeration._corners", interrupted)
    outcome = enumerate_frontier(space)
    assert outcome.points == ()
    assert outcome.open_corners[0].latency_ps == 0
    assert outcome.open_corners[0].cost == 0
