"""The published clusters as questions give the numbers that the reference data state."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from formulations.placement.chain_frontier import throughput_frontier
from solver.api import read_instance
from solver.instance.placement.domain import PlacementInstance
from solver.lowering.placement.describe import describe_chain
from solver.lowering.placement.lowering import lower_placement
from solver.lowering.placement.replay import replay_chain
from solver.lowering.placement.space import MICRO, ChainSpace, FlowSpace
from tests.oracles.placement_questions import published_question
from tests.oracles.published_clusters import FOLDER, read_cluster, read_tables

INSTANCES = Path(__file__).resolve().parents[4] / "instances" / "placement"
pytestmark = pytest.mark.skipif(
    not (FOLDER / "links.csv").exists(), reason="the reference data is not beside this checkout"
)


def chains_of(case: str) -> ChainSpace:
    space = lower_placement(published_question(case, ("speed", "throughput")))
    assert isinstance(space, ChainSpace)
    return space


def shipped(name: str) -> PlacementInstance:
    """A question of the checkout."""
    question = read_instance(INSTANCES / f"{name}.toml")
    assert isinstance(question, PlacementInstance)
    return question


@pytest.mark.parametrize("case", ["quality10_l30b", "single24_l70b"])
@pytest.mark.parametrize("as_shipped", [False, True])
def test_chains_have_the_tables_of_the_data(case: str, as_shipped: bool) -> None:
    found = lower_placement(shipped(f"helix-{case}-latency")) if as_shipped else chains_of(case)
    assert isinstance(found, ChainSpace)
    space = found
    kinds, told = read_tables(case, 30)
    mine = space.tables
    assert mine is not None
    order = [kinds.index(meaning.machine) for meaning in space.meanings]
    ends = [*order, len(kinds)]
    assert mine.trunks == ()
    assert (mine.count == told.count[order]).all()
    assert (mine.allowed == told.allowed[order]).all()
    assert (mine.stage_time == told.stage_time[order]).all()
    assert (mine.hop_time == told.hop_time[np.ix_(ends, ends)]).all()
    assert (mine.linked == told.linked[np.ix_(ends, ends)]).all()
    assert (mine.pace == told.pace[order][:, :, ends]).all()
    assert (mine.entry_pace == told.entry_pace[order]).all()


def test_every_chain_of_the_ten_machines_replays() -> None:
    space = chains_of("quality10_l30b")
    assert space.tables is not None
    points = throughput_frontier(space.tables)
    assert len(points) == 5
    for point in points:
        found = replay_chain(space.instance, describe_chain(space, 0, point.plan))
        assert (found.faults, found.latency_ps) == ((), point.latency)
        assert found.throughput * MICRO == point.rate


@pytest.mark.parametrize("case", ["quality10_l30b", "single24_l70b", "noprune24_l70b"])
def test_flows_have_the_problem_of_the_data(case: str) -> None:
    space = lower_placement(published_question(case, ("throughput",)))
    assert isinstance(space, FlowSpace)
    _agrees(space, case, [name.split("-", 1)[1] for name in read_cluster(case).names])


@pytest.mark.parametrize(
    "case",
    [
        "quality10_l30b",
        "l4x8_l30b",
        "t4x12_l30b",
        "a100x4_l30b",
        "single24_l70b",
        "noprune24_l70b",
        "noprune42_l70b",
    ],
)
def test_shipped_flows_have_the_problem_of_the_data(case: str) -> None:
    space = lower_placement(shipped(f"helix-{case}"))
    assert isinstance(space, FlowSpace)
    _agrees(space, case, list(read_cluster(case).names))


def _agrees(space: FlowSpace, case: str, names: list[str]) -> None:
    told, mine = read_cluster(case), space.problem
    at = [space.hosts.index(name) for name in names]
    assert space.shared == ()
    assert mine.layers == told.layers
    assert (mine.source[at] == told.source).all()
    assert (mine.sink[at] == told.sink).all()
    assert (mine.links[np.ix_(at, at)] == told.links).all()
    assert all((mine.rates[i] == rates).all() for i, rates in zip(at, told.rates, strict=True))
