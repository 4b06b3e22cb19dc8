from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from formulations.placement.chain_plan import ChainPlan, ChainStage, value_of
from formulations.placement.chain_tables import ChainTables, Trunk, throughput_tables


def _rated(link_rate: int = 50) -> ChainTables:
    return throughput_tables(
        "rated",
        layers=3,
        count=np.array([2]),
        layer_time=np.array([7]),
        most_layers=np.array([2]),
        rate=np.array([[0, 90, 40, 20]]),
        link_time=np.array([[3, 4], [2, 0]]),
        link_rate=np.array([[link_rate, 60], [70, 0]]),
    )


def test_the_throughput_of_a_chain_is_that_of_its_slowest_machine() -> None:
    plan = ChainPlan((ChainStage(0, 0, 1), ChainStage(0, 0, 2)))
    assert value_of(_rated(), plan).pace == -40


def test_a_link_slower_than_all_machines_limits_the_chain() -> None:
    plan = ChainPlan((ChainStage(0, 0, 1), ChainStage(0, 0, 2)))
    assert value_of(_rated(link_rate=11), plan).pace == -11


def test_latency_is_layers_and_links() -> None:
    plan = ChainPlan((ChainStage(0, 0, 1), ChainStage(0, 0, 2)))
    assert value_of(_rated(), plan).latency == 2 + 7 + 3 + 14 + 4


def test_a_machine_holds_no_more_layers_than_it_may() -> None:
    assert _rated().most_layers.tolist() == [2]


def test_a_link_without_rate_is_no_link() -> None:
    assert not _rated(link_rate=0).linked[0, 0]


def test_a_negative_rate_is_refused() -> None:
    with pytest.raises(ValueError, match="a rate is negative"):
        _rated(link_rate=-1)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"layers": 0}, "a chain of 0 layers"),
        ({"orbit": np.array([1])}, "an option belongs to no orbit"),
        ({"count": np.array([-1])}, "count is negative"),
        ({"price": np.array([-1])}, "price is negative"),
        ({"price": np.array([1, 1])}, "price has shape"),
        ({"price": np.array([2**59])}, "price can reach"),
        ({"allowed": np.ones((1, 4), dtype=np.bool_)}, "a stage may not be empty"),
        ({"pace": np.full((1, 4, 2), -(2**60))}, "pace can reach"),
        ({"entry_pace": np.array([2**60])}, "entry pace can reach"),
        ({"hop_time": np.full((2, 2), 2**59)}, "latency can reach"),
        ({"max_price": -1}, "max_price is -1"),
        ({"max_hosts": -1}, "max_hosts is -1"),
        ({"trunks": (Trunk("t", np.ones((3, 3)), factor=1),)}, "t: load has shape"),
        ({"trunks": (Trunk("t", np.full((2, 2), 2**50), factor=999),)}, "t: its load, or its"),
        ({"trunks": (Trunk("t", np.ones((2, 2)), capacity=2**60),)}, "t: its load, or its"),
    ],
)
def test_tables_that_make_no_sense_are_refused(change: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        replace(_rated(), **change)


@pytest.mark.parametrize(
    ("numbers", "message"),
    [
        ({"factor": 1, "capacity": 1}, "either a factor or a capacity"),
        ({}, "either a factor or a capacity"),
        ({"capacity": 1, "factor": -1}, "either a factor or a capacity"),
    ],
)
def test_a_trunk_has_a_factor_or_a_capacity(numbers: dict[str, int], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Trunk("t", np.ones((2, 2), dtype=np.int64), **numbers)


def test_a_trunk_with_a_negative_load_is_refused() -> None:
    with pytest.raises(ValueError, match="t: a load is negative"):
        Trunk("t", np.array([[0, -1], [0, 0]]), factor=1)


def test_a_trunk_of_capacity_carries_whole_parts_of_it() -> None:
    assert Trunk("t", np.ones((2, 2), dtype=np.int64), capacity=100).pace(3) == -33


def test_arrays_of_tables_cannot_be_written() -> None:
    with pytest.raises(ValueError, match="read-only"):
        _rated().hop_time[0, 0] = 1
