"""The two ways to fill a table of costs."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from formulations.placement.cover import _fill_by_block, _fill_by_cost


@given(
    items=st.lists(st.tuples(st.integers(1, 30), st.integers(1, 40)), min_size=1, max_size=6),
    free=st.integers(0, 9),
    cost=st.integers(0, 90),
)
def test_blocks_fill_a_table_as_single_costs_do(
    items: list[tuple[int, int]], free: int, cost: int
) -> None:
    steps = np.array(sorted(items), dtype=np.int64)
    prices, rates = np.cumsum(steps[:, 0]), np.cumsum(steps[:, 1])
    tables = []
    for fill in (_fill_by_cost, _fill_by_block):
        rate = np.full(cost + 1, free, dtype=np.int64)
        last = np.full(cost + 1, -1, dtype=np.int64)
        fill(rate, last, prices, rates)
        tables.append((rate.tolist(), last.tolist()))
    assert tables[0] == tables[1]
