from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from formulations.placement.chain_frontier import (
    COST_SCALE,
    cost_frontier,
    throughput_frontier,
    time_rate_frontier,
)
from formulations.placement.chain_labels import LabelLimitError, LabelStop
from formulations.placement.chain_plan import value_of, violations
from formulations.placement.chain_problem import (
    ChainOption,
    ChainProblem,
    ChainSetting,
    SharedLink,
)
from formulations.placement.chain_tables import ChainTables, throughput_tables
from tests.oracles.limited_chains import limited_chains, limited_value
from tests.oracles.plain_chains import plain_frontier


@st.composite
def _problems(draw: st.DrawFn) -> ChainProblem:
    """Up to six hosts in two or three orbits, two options in the first, two or three settings.

    Often with links that hand-overs share and limits of price and hosts.
    """
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
    shared = [
        SharedLink(f"s{place}", rng.integers(0, 9, size=(many, ends, ends)) * (rng.random() < 0.7))
        for place in range(draw(st.integers(0, 2)))
    ]
    return ChainProblem(
        name="p",
        layers=draw(st.integers(1, 4)),
        count=count,
        settings=tuple(ChainSetting(*size) for size in sizes),
        options=options,
        hand_over_ps=rng.integers(0, 9, size=(many, ends, ends)),
        linked=rng.random((ends, ends)) < 0.9,
        shared=shared,
        price_per_usd=draw(st.sampled_from([1, 7, 10**9])),
        max_price=draw(st.sampled_from([None, None, 5, 60])),
        max_hosts=draw(st.sampled_from([None, None, 2, 3])),
    )


@settings(max_examples=60, deadline=None, derandomize=True)
@given(_problems())
def test_the_cost_frontier_is_that_of_all_chains_at_all_settings(problem: ChainProblem) -> None:
    values: set[tuple[int | Fraction, ...]] = set()
    for index, setting in enumerate(problem.settings):
        tables = problem.tables(index)
        for chain in limited_chains(tables):
            latency, pace, price = limited_value(tables, chain)
            time = max(latency, pace)
            values.add((time, Fraction(price * time, setting.batch)))
    points = cost_frontier(problem)
    assert [(point.time_ps, point.cost) for point in points] == plain_frontier(values)
    for point in points:
        assert violations(problem.tables(point.setting), point.plan) == []


@settings(max_examples=60, deadline=None, derandomize=True)
@given(_problems())
def test_the_frontier_of_time_against_rate_is_that_of_all_chains_at_all_settings(
    problem: ChainProblem,
) -> None:
    values: set[tuple[int, ...]] = set()
    for index, setting in enumerate(problem.settings):
        tables = problem.tables(index)
        for chain in limited_chains(tables):
            time = max(limited_value(tables, chain)[:2])
            values.add((time, -(setting.batch * 10**18 // time)))
    points = time_rate_frontier(problem)
    assert [(point.time_ps, -point.rate_micro) for point in points] == plain_frontier(values)
    for point in points:
        assert value_of(problem.tables(point.setting), point.plan).time == point.time_ps


def _one_host(*, price: int, price_per_usd: int, batches: tuple[int, ...] = (1,)) -> ChainProblem:
    """One layer of a second at every setting, on one host; no hand-over takes time."""
    many = len(batches)
    option = ChainOption("o", 0, price, 1, (10**12,) * many, (1,) * many, (0,) * many)
    return ChainProblem(
        name="one",
        layers=1,
        count=np.array([1]),
        settings=tuple(ChainSetting(batch, 1) for batch in batches),
        options=(option,),
        hand_over_ps=np.zeros((many, 2, 2), dtype=np.int64),
        linked=np.ones((2, 2), dtype=np.bool_),
        price_per_usd=price_per_usd,
    )


def test_a_dollar_an_hour_at_a_token_a_second_costs_278_dollars_a_million() -> None:
    (point,) = cost_frontier(_one_host(price=10**9, price_per_usd=10**9))
    assert point.usd_per_mtok == Fraction(10**6, 3600)
    assert COST_SCALE == 10**6 * 3600


def test_a_price_of_two_sevenths_of_a_dollar_costs_exactly_two_sevenths_of_that() -> None:
    (point,) = cost_frontier(_one_host(price=2, price_per_usd=7))
    assert point.usd_per_mtok == Fraction(2, 7) * Fraction(10**6, 3600)


def test_at_equal_time_only_the_greatest_batch_is_on_the_frontier_of_rate() -> None:
    (point,) = time_rate_frontier(_one_host(price=1, price_per_usd=1, batches=(1, 3, 2)))
    assert (point.setting, point.time_ps, point.rate_micro) == (1, 10**12, 3 * 10**6)


def test_a_setting_that_does_not_fit_leaves_the_points_of_the_others() -> None:
    # The second setting alone needs a second host, and so more labels.
    problem = _two_settings()
    with pytest.raises(LabelLimitError, match="1 of 2 settings are not finished") as fault:
        cost_frontier(problem, most_labels=1)
    assert fault.value.open_settings == [1]
    assert [point.setting for point in fault.value.points] == [0]


def test_a_frontier_that_is_told_to_stop_says_what_is_open() -> None:
    # The larger batch comes first: it is stopped before it has a chain, and the other not begun.
    with pytest.raises(LabelStop, match="2 of 2 settings are not finished") as fault:
        time_rate_frontier(_two_settings(), should_stop=lambda: True)
    assert fault.value.open_settings == [1, 0]
    assert fault.value.points == []


def test_progress_counts_all_settings() -> None:
    told: list[tuple[int, int]] = []
    cost_frontier(_two_settings(), on_progress=lambda done, todo: told.append((done, todo)))
    assert told == sorted(told)
    assert told[-1][0] == told[-1][1]
    assert len({todo for _, todo in told}) == 1


def _two_settings() -> ChainProblem:
    """Two layers that one host holds at the first setting and two of three hosts at the second."""
    option = ChainOption("o", 0, 1, 2, (10, 10), (1, 2), (0, 0))
    return ChainProblem(
        name="two",
        layers=2,
        count=np.array([3]),
        settings=(ChainSetting(1, 1), ChainSetting(8, 1)),
        options=(option,),
        hand_over_ps=np.zeros((2, 2, 2), dtype=np.int64),
        linked=np.ones((2, 2), dtype=np.bool_),
    )


def _rated() -> ChainTables:
    """Both layers on one machine: 2 x 5 + 2 hops, rate 10; one on each: a hop more, rate 30."""
    return throughput_tables(
        "two",
        layers=2,
        count=np.array([2]),
        layer_time=np.array([5]),
        most_layers=np.array([2]),
        rate=np.array([[0, 30, 10]]),
        link_time=np.ones((2, 2), dtype=np.int64),
        link_rate=np.full((2, 2), 100),
    )


def test_one_fast_and_one_wide_machine_give_two_points_of_rate_against_latency() -> None:
    assert [(p.latency, p.rate) for p in throughput_frontier(_rated())] == [(12, 10), (13, 30)]


def test_a_throughput_frontier_that_does_not_fit_leaves_rated_chains() -> None:
    with pytest.raises(LabelLimitError) as fault:
        throughput_frontier(_rated(), most_labels=1)
    assert [(p.latency, p.rate) for p in fault.value.points] == [(12, 10)]
