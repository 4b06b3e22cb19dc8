"""The published clusters as questions give the numbers that the measuring scripts read."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from formulations.placement.chain_frontier import throughput_frontier
from solver.lowering.placement.describe import describe_chain
from solver.lowering.placement.lowering import lower_placement
from solver.lowering.placement.replay import replay_chain
from solver.lowering.placement.space import MICRO, ChainSpace, FlowSpace
from tests.oracles.placement_questions import DATA, published_question

SCRIPTS = Path(__file__).resolve().parents[4] / "scripts"
pytestmark = pytest.mark.skipif(
    not (DATA / "links.csv").exists(), reason="the reference data is not beside this checkout"
)


def script(name: str) -> ModuleType:
    """A measuring script as a module."""
    spec = importlib.util.spec_from_file_location(name, SCRIPTS / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def chains_of(case: str) -> ChainSpace:
    space = lower_placement(published_question(case, ("speed", "throughput")))
    assert isinstance(space, ChainSpace)
    return space


@pytest.mark.parametrize("case", ["quality10_l30b", "single24_l70b"])
def test_chains_have_the_tables_that_the_script_reads(case: str) -> None:
    space = chains_of(case)
    measure = script("measure_chains")
    kinds, told = measure.read_tables(measure.FOLDER, case, 30)
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
def test_flows_have_the_problem_that_the_script_reads(case: str) -> None:
    space = lower_placement(published_question(case, ("throughput",)))
    assert isinstance(space, FlowSpace)
    measure = script("measure_placement")
    told, _ = measure.read_cluster(measure.FOLDER, case)
    mine = space.problem
    at = [space.hosts.index(name.split("-", 1)[1]) for name in told.names]
    assert space.shared == ()
    assert mine.layers == told.layers
    assert (mine.source[at] == told.source).all()
    assert (mine.sink[at] == told.sink).all()
    assert (mine.links[np.ix_(at, at)] == told.links).all()
    assert all((mine.rates[i] == rates).all() for i, rates in zip(at, told.rates, strict=True))
