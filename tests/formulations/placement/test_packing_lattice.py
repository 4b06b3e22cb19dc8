from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from formulations.placement import packing_lattice
from formulations.placement.chain_plan import ChainPlan
from formulations.placement.chain_stop import LabelStop
from formulations.placement.packing import packing_faults, rate_of
from formulations.placement.packing_lattice import lattice_cells, lattice_levels
from formulations.placement.pool_column import ChainPool, PoolColumn

_NONE = ChainPlan(())
_COLUMNS = st.lists(
    st.tuples(
        st.tuples(st.integers(0, 2), st.integers(0, 2)).filter(any),
        st.integers(1, 4),
        st.integers(1, 9),
    ),
    max_size=5,
).map(lambda rows: [PoolColumn(0, _NONE, *row) for row in sorted(rows, key=lambda r: r[1])])


@settings(max_examples=60, deadline=None, derandomize=True)
@given(_COLUMNS, st.tuples(st.integers(0, 4), st.integers(0, 3)))
def test_every_level_has_the_best_of_all_packings_tried_one_by_one(
    columns: list[PoolColumn], hosts: tuple[int, int]
) -> None:
    count = np.array(hosts)
    levels = list(lattice_levels(columns, count))
    assert [level.time for level in levels] == sorted({column.time for column in columns})
    for level in levels:
        usable = [column for column in columns if column.time <= level.time]
        best = 0
        for numbers in itertools.product(range(5), repeat=len(usable)):
            used = [
                sum(n * column.used[o] for n, column in zip(numbers, usable, strict=True))
                for o in (0, 1)
            ]
            if used[0] <= hosts[0] and used[1] <= hosts[1]:
                rate = sum(n * column.rate for n, column in zip(numbers, usable, strict=True))
                best = max(best, rate)
        assert level.rate == best
        assert packing_faults(ChainPool(tuple(columns), ()), count, level.packing) == []
        assert rate_of(columns, level.packing) == best
        assert all(columns[c].time <= level.time for c, _ in level.packing.replicas)


def _column(time: int) -> PoolColumn:
    return PoolColumn(0, _NONE, (1,), time, 1)


def test_cells_are_the_budgets_from_none_to_all_hosts() -> None:
    assert lattice_cells(np.array([4, 2])) == 15


def test_columns_out_of_order_are_refused() -> None:
    with pytest.raises(ValueError, match="not in the order"):
        list(lattice_levels([_column(2), _column(1)], np.array([1])))


def test_more_budgets_than_a_table_is_kept_for_are_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(packing_lattice, "MOST_LATTICE_CELLS", 3)
    with pytest.raises(ValueError, match="4 budgets, more than 3"):
        list(lattice_levels([_column(1)], np.array([3])))


def test_rates_that_add_up_beyond_64_bits_are_refused() -> None:
    with pytest.raises(ValueError, match="2\\^62"):
        list(lattice_levels([PoolColumn(0, _NONE, (1,), 1, 2**60)], np.array([4])))


def test_levels_before_a_stop_are_handed_out() -> None:
    asked = iter(range(10))
    levels = lattice_levels(
        [_column(1), _column(2)], np.array([1]), should_stop=lambda: next(asked) == 1
    )
    assert next(levels).time == 1
    with pytest.raises(LabelStop, match="stopped at column 1 of 2"):
        next(levels)
