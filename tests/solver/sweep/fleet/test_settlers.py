"""Crews give the frontier of one process, plans included, in whatever order jobs come home."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Collection, Iterator
from concurrent.futures import Future
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pytest
from hypothesis import HealthCheck, given, settings

from formulations.fleet.problem import FleetProblem
from solver.errors import EngineError, FleetError, InstanceError
from solver.instance.reading import read_any_instance
from solver.lowering.fleet.lowering import lower_fleet
from solver.sweep.fleet.boxes import Stop
from solver.sweep.fleet.frontier import sweep_fleet
from solver.sweep.fleet.image import Objectives
from solver.sweep.fleet.outcome import FleetOutcome
from solver.sweep.fleet.settlers import Ledger, Together
from solver.sweep.fleet.settling import BoxJob, Roads, Settled, given_up, settle_box
from tests.oracles.fleet_spaces import dressed
from tests.oracles.plain_fleet import fleet, fleets

ROOT = Path(__file__).resolve().parents[4]
QUICK = settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
TWO = ("speed", "cost")
THREE = ("speed", "cost", "power")
Order = Callable[[list[Future[Any]]], Future[Any]]


def told(outcome: FleetOutcome) -> tuple[Any, ...]:
    """All that must not depend on who did the work."""
    points = [
        (p.image, p.plan.counts.tolist(), p.plan.shares, p.plan.racks, p.proof)
        for p in outcome.points
    ]
    return outcome.status, points, outcome.claims, outcome.open_regions, outcome.solves


class PretendCrew:
    """Does jobs in this process when somebody waits, in an order of its own."""

    def __init__(self, objectives: Objectives, slots: int, order: Order) -> None:
        self.slots = slots
        self._objectives = objectives
        self._order = order
        self._waiting: dict[Future[Any], BoxJob] = {}
        self.done: list[BoxJob] = []

    def submit(self, job: Any) -> Future[Any]:
        future: Future[Any] = Future()
        self._waiting[future] = job.job
        return future

    def wait(self, futures: Collection[Future[Any]], timeout_s: float | None) -> set[Future[Any]]:
        assert timeout_s is not None
        future = self._order(list(futures))
        job = self._waiting.pop(future)
        self.done.append(job)
        road = Roads()(self._objectives.space.problem)
        future.set_result(settle_box(self._objectives, road, job, Stop()))
        return {future}

    def describe(self) -> str:
        return "nobody"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        return None


def with_crew(
    problem: FleetProblem, names: tuple[str, ...], slots: int, order: Order
) -> tuple[FleetOutcome, PretendCrew]:
    objectives = dressed(problem, names)
    crew = PretendCrew(objectives, slots, order)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("solver.sweep.fleet.frontier.fleet_crew", lambda *_, **__: crew)
        outcome = sweep_fleet(objectives.space, objectives=objectives, workers=slots)
    return outcome, crew


ORDERS: dict[str, Order] = {
    "first come": lambda futures: futures[0],
    "last come": lambda futures: futures[-1],
    "middle": lambda futures: futures[len(futures) // 2],
}


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("names", [TWO, THREE, ("cost", "power"), ("cost",)])
@given(problem=fleets(with_racks=False))
@QUICK
def test_a_crew_gives_what_one_process_gives(
    problem: FleetProblem, names: tuple[str, ...], order: str
) -> None:
    objectives = dressed(problem, names)
    alone = sweep_fleet(objectives.space, objectives=objectives)
    together, _ = with_crew(problem, names, 3, ORDERS[order])
    assert told(together) == told(alone)


def many_levels() -> FleetProblem:
    """Twelve levels, each faster replica dearer: as many points."""
    return fleet(
        [13 - k for k in range(12)],
        upper=[4] * 12,
        cover=[([1] * 12, 3)],
        use=[([1] * 12, 5)],
        speed=list(range(12)),
    )


def test_idle_workers_settle_what_the_sweep_comes_to_later() -> None:
    outcome, crew = with_crew(many_levels(), TWO, 3, ORDERS["last come"])
    images = [point.image for point in outcome.points]
    # Three replicas of one level; mixing in faster ones only costs more.
    assert images == [(k, 3 * (13 - k)) for k in range(12)]
    corners = [job.corner[0] for job in crew.done]
    assert corners != sorted(corners, reverse=True)
    # The first box of a walk may be in vain.
    assert len(crew.done) < 2 * outcome.solves


def test_a_job_that_failed_when_it_was_only_likely_is_tried_again_when_asked_for() -> None:
    objectives = dressed(many_levels(), TWO)
    crew = PretendCrew(objectives, 1, ORDERS["first come"])
    together = Together(objectives, crew, Ledger())
    job = BoxJob(objectives.ceiling, 0)
    future: Future[Any] = crew.submit(type("Order", (), {"job": job})())
    together._running[future] = job
    future.set_exception(FleetError.one("no worker is left", where="here", mend="add one"))
    together._collect(future)
    assert job in together._failed
    settled = together.settle(job, lambda: [], Stop())
    assert settled.whole


def test_a_stop_while_workers_are_busy_gives_the_box_up() -> None:
    objectives = dressed(many_levels(), TWO)
    crew = PretendCrew(objectives, 2, ORDERS["first come"])
    together = Together(objectives, crew, Ledger())
    job = BoxJob(objectives.ceiling, 0)
    settled = together.settle(job, lambda: [], Stop(None, lambda: True))
    assert (settled.plan, settled.stopped) == (None, "stopped by the user")
    assert not crew.done


def test_what_was_given_up_is_not_known() -> None:
    ledger = Ledger()
    ledger.keep(given_up(BoxJob((1, 1), 0), "time limit"))
    assert not ledger.known


# Real processes.


@pytest.fixture(scope="module")
def addresses() -> Iterator[str]:
    """A Dask cluster of two worker processes."""
    distributed = pytest.importorskip("distributed", reason="the extra [cluster] is not installed")
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, dashboard_address=None, processes=True
    ) as cluster:
        yield cluster.scheduler_address


INSTANCES = ("one-model-one-pool", "speed-cost-power", "melange-request-sizes")


@pytest.mark.parametrize("name", INSTANCES)
def test_processes_give_what_one_process_gives(name: str) -> None:
    space = lower_fleet(read_any_instance(ROOT / f"instances/fleet/{name}.toml"))
    assert told(sweep_fleet(space, workers=2)) == told(sweep_fleet(space))


def test_a_dask_cluster_gives_what_one_process_gives(addresses: str) -> None:
    space = lower_fleet(read_any_instance(ROOT / "instances/fleet/one-model-one-pool.toml"))
    assert told(sweep_fleet(space, dask=addresses)) == told(sweep_fleet(space))


def test_what_a_crew_settled_is_in_the_checkpoint_of_one_process(tmp_path: Path) -> None:
    space = lower_fleet(read_any_instance(ROOT / "instances/fleet/one-model-one-pool.toml"))
    path = tmp_path / "run.jsonl"
    together = sweep_fleet(space, workers=2, checkpoint=path)
    lines = path.read_bytes().count(b"\n")
    assert told(sweep_fleet(space, checkpoint=path)) == told(together)
    assert path.read_bytes().count(b"\n") == lines


def test_a_time_limit_holds_with_workers_too() -> None:
    space = lower_fleet(read_any_instance(ROOT / "instances/fleet/one-model-one-pool.toml"))
    outcome = sweep_fleet(space, workers=2, time_limit_s=0.01)
    assert outcome.status == "partial"
    assert {region.reason for region in outcome.open_regions} == {"time limit"}


def test_no_workers_and_both_kinds_are_refused() -> None:
    objectives = dressed(many_levels(), TWO)
    with pytest.raises(InstanceError, match="--workers: there must be at least one"):
        sweep_fleet(objectives.space, objectives=objectives, workers=0)
    with pytest.raises(InstanceError, match="Give either --workers or --dask"):
        sweep_fleet(objectives.space, objectives=objectives, workers=2, dask="tcp://h:1")


def test_a_cluster_that_is_not_there_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("distributed", reason="the extra [cluster] is not installed")
    crews = importlib.import_module("solver.sweep.moip.crew_dask")
    monkeypatch.setattr(crews, "_CONNECT_S", 1)
    objectives = dressed(many_levels(), TWO)
    with pytest.raises(EngineError, match="no Dask scheduler answers"):
        sweep_fleet(objectives.space, objectives=objectives, dask="tcp://127.0.0.1:9")


def test_a_job_is_the_same_whoever_asks() -> None:
    objectives = dressed(many_levels(), TWO)
    job = BoxJob(objectives.ceiling, 0)
    found: list[Settled] = [
        settle_box(objectives, Roads()(objectives.space.problem), job, Stop()) for _ in range(2)
    ]
    assert found[0].plan is not None
    assert found[1].plan is not None
    assert found[0].plan.counts.tolist() == found[1].plan.counts.tolist()
