from __future__ import annotations

import numpy as np
import pytest

from formulations.fleet.plan import FleetPlan, violations
from formulations.fleet.problem import SPEED, THROUGHPUT
from formulations.placement.chain_plan import ChainPlan
from formulations.placement.packing import (
    Packing,
    packing_faults,
    packing_problem,
    rate_of,
    time_of,
    times_of,
)
from formulations.placement.pool_column import SHARE_PARTS, ChainPool, PoolColumn

_NONE = ChainPlan(())
_THIRD = SHARE_PARTS // 3


def _column(used: tuple[int, ...], time: int, rate: int, *shares: int) -> PoolColumn:
    return PoolColumn(0, _NONE, used, time, rate, shares)


_POOL = ChainPool(
    (
        _column((2, 0), 5, 10, _THIRD),
        _column((1, 1), 7, 12, 0),
        _column((0, 1), 7, 3, 2 * _THIRD),
    ),
    ("wan",),
)
_COUNT = np.array([5, 2])


def test_a_packing_adds_rates_and_is_as_slow_as_its_slowest_replica() -> None:
    packing = Packing(((0, 2), (1, 1)))
    assert rate_of(_POOL.columns, packing) == 32
    assert time_of(_POOL.columns, packing) == 7


def test_a_packing_of_counts_leaves_out_what_is_not_used() -> None:
    assert Packing.of_counts([0, 2, 1]) == Packing(((1, 2), (2, 1)))


def test_a_packing_within_hosts_and_links_has_no_fault() -> None:
    assert packing_faults(_POOL, _COUNT, Packing(((0, 2), (1, 1)))) == []


def test_hosts_used_twice_are_a_fault() -> None:
    faults = packing_faults(_POOL, _COUNT, Packing(((0, 2), (1, 2))))
    assert faults == ["6 hosts of orbit 0, which has 5"]


def test_a_link_filled_beyond_its_whole_is_a_fault() -> None:
    faults = packing_faults(_POOL, _COUNT, Packing(((0, 2), (2, 1))))
    assert faults == [f"{4 * _THIRD} of {SHARE_PARTS} parts of link wan"]


def test_three_replicas_of_a_third_of_a_link_each_fit() -> None:
    assert packing_faults(_POOL, np.array([6, 0]), Packing(((0, 3),))) == []


@pytest.mark.parametrize("replicas", [((3, 1),), ((-1, 1),), ((0, 0),)])
def test_a_column_that_is_not_there_or_not_used_is_a_fault(
    replicas: tuple[tuple[int, int], ...],
) -> None:
    assert len(packing_faults(_POOL, _COUNT, Packing(replicas))) == 1


def test_times_are_listed_once_from_the_least() -> None:
    assert times_of(_POOL.columns) == [5, 7]


def test_the_fleet_problem_grades_columns_by_the_rank_of_their_time() -> None:
    problem = packing_problem("p", _POOL, _COUNT)
    assert problem.grades[SPEED].tolist() == [0, 1, 1]
    assert problem.measures[THROUGHPUT].tolist() == [-10, -12, -3]


def test_the_fleet_problem_bounds_each_column_by_hosts_and_links() -> None:
    # Hosts: 5 // 2, min(5, 2), 2; the last takes two thirds of the link, so one at most.
    assert packing_problem("p", _POOL, _COUNT).upper.tolist() == [2, 2, 1]


@pytest.mark.parametrize("counts", [[2, 1, 0], [2, 2, 0], [2, 0, 1], [1, 0, 1], [0, 0, 2]])
def test_the_fleet_problem_allows_what_the_plain_check_allows(counts: list[int]) -> None:
    problem = packing_problem("p", _POOL, _COUNT)
    plan = FleetPlan(np.array(counts, dtype=np.int64))
    faults = packing_faults(_POOL, _COUNT, Packing.of_counts(counts))
    assert bool(violations(problem, plan)) == bool(faults)


def test_rates_that_add_up_beyond_64_bits_are_refused() -> None:
    pool = ChainPool((_column((1, 0), 1, 2**60, 0),), ("wan",))
    with pytest.raises(ValueError, match="2\\^62 or more"):
        packing_problem("p", pool, _COUNT)
