from __future__ import annotations

from fractions import Fraction

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from formulations.placement.chain_frontier import (
    COST_SCALE,
    PricedChain,
    cost_frontier,
    throughput_frontier,
)
from formulations.placement.chain_plan import ChainPlan
from formulations.placement.chain_problem import ChainOption, ChainProblem, ChainSetting
from formulations.placement.chain_tables import throughput_tables
from tests.oracles.plain_chains import all_chains, plain_frontier, plain_value


@st.composite
def _problems(draw: st.DrawFn) -> ChainProblem:
    """Up to five hosts in two or three orbits, two options in the first, two or three settings."""
    number = st.integers(1, draw(st.sampled_from([3, 50])))
    n_orbits = draw(st.integers(2, 3))
    count = np.array(draw(st.lists(st.integers(1, 2), min_size=n_orbits, max_size=n_orbits)))
    sizes = draw(st.lists(st.tuples(st.integers(1, 3), st.integers(1, 3)), min_size=2, max_size=3))
    many = len(sizes)
    each = st.tuples(*[number] * many)
    options = [
        ChainOption(f"o{orbit}", orbit, draw(number), 6, draw(each), draw(each), (0,) * many)
        for orbit in [*range(n_orbits), 0]
    ]
    rng = np.random.default_rng(draw(st.integers(0, 999)))
    ends = n_orbits + 1
    return ChainProblem(
        name="p",
        layers=draw(st.integers(1, 4)),
        count=count,
        settings=tuple(ChainSetting(*size) for size in sizes),
        options=options,
        hand_over_ps=rng.integers(0, 9, size=(many, ends, ends)),
        linked=rng.random((ends, ends)) < 0.9,
    )


@settings(max_examples=60, deadline=None, derandomize=True)
@given(_problems())
def test_the_cost_frontier_is_that_of_all_chains_at_all_settings(problem: ChainProblem) -> None:
    values: set[tuple[int | Fraction, ...]] = set()
    for index, setting in enumerate(problem.settings):
        tables = problem.tables(index)
        for chain in all_chains(tables):
            latency, pace, price = plain_value(tables, chain)
            time = max(latency, pace)
            values.add((time, Fraction(price * time, setting.batch)))
    found = [(point.time_ps, point.cost) for point in cost_frontier(problem)]
    assert found == plain_frontier(values)


def test_a_dollar_an_hour_at_a_token_a_second_costs_278_dollars_a_million() -> None:
    point = PricedChain(0, ChainPlan(()), 10**12, 10**9, Fraction(10**21))
    assert point.usd_per_mtok == Fraction(10**6, 3600)
    assert COST_SCALE == 10**15 * 3600


def test_one_fast_and_one_wide_machine_give_two_points_of_rate_against_latency() -> None:
    # Both layers on one machine: 2 x 5 + 2 hops of 1, rate 10; one on each: a hop more, rate 30.
    tables = throughput_tables(
        "two",
        layers=2,
        count=np.array([2]),
        layer_time=np.array([5]),
        most_layers=np.array([2]),
        rate=np.array([[0, 30, 10]]),
        link_time=np.ones((2, 2), dtype=np.int64),
        link_rate=np.full((2, 2), 100),
    )
    assert [(p.latency, p.rate) for p in throughput_frontier(tables)] == [(12, 10), (13, 30)]
