"""Who settles boxes: this process, or a crew that also works ahead of the sweep.

What is settled is kept (and written to the checkpoint, where there is one), and a job asked for a
second time is answered from there. So a crew may settle what the sweep has not come to yet: the
sweep itself goes through the same boxes in the same order, however many workers there are, and
boxes that it never asks for leave no trace in its result.
"""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any, Protocol, cast

from formulations.fleet.problem import FleetProblem
from solver.errors import FleetError
from solver.sweep.checkpoint import Journal
from solver.sweep.fleet.ahead import Chains
from solver.sweep.fleet.boxes import Stop
from solver.sweep.fleet.checkpoint import problem_digest
from solver.sweep.fleet.image import Objectives
from solver.sweep.fleet.roads import Road
from solver.sweep.fleet.settling import BoxJob, Roads, Settled, given_up, settle_box
from solver.sweep.moip.crew import Crew, open_crew

__all__ = ["Alone", "Ledger", "Others", "Settler", "Together", "fleet_crew"]

_POLL_S = 0.2
_GRACE_S = 2.0
"""Past the time limit, a worker gets this long to hand in what it has."""

Others = Callable[[], Sequence[BoxJob]]
"""Boxes that are open besides, the next one last."""


class Ledger:
    """What is settled, by job; written to a checkpoint where there is one."""

    def __init__(self, journal: Journal[Settled] | None = None) -> None:
        self._journal = journal
        self.known = {} if journal is None else {kept.job: kept for kept in journal.records}

    def keep(self, settled: Settled) -> None:
        """Keep what need not be done again."""
        if settled.whole and settled.job not in self.known:
            if self._journal is not None:
                self._journal.append([settled])
            self.known[settled.job] = settled


class Settler(Protocol):
    """Does jobs.

    Attributes
    ----------
    cpu_s
        Processor time of other processes.
    """

    cpu_s: float

    def settle(self, job: BoxJob, others: Others, stop: Stop) -> Settled:
        """What becomes of the job.

        Raises
        ------
        FleetError
            If no road can take the fleet, or the workers are lost.
        """
        ...


@dataclass(slots=True)
class _Station:
    """A road for one problem, or a new one for every box where a road learns from box to box."""

    problem: FleetProblem
    roads: Roads
    _road: Road | None = None

    def road(self) -> Road:
        if self.problem.routings or self.problem.racks is not None:
            return self.roads(self.problem)
        if self._road is None:
            self._road = self.roads(self.problem)
        return self._road


class Alone:
    """Jobs done in this process."""

    cpu_s = 0.0

    def __init__(self, objectives: Objectives, roads: Roads, ledger: Ledger) -> None:
        self._objectives = objectives
        self._station = _Station(objectives.space.problem, roads)
        self._ledger = ledger

    def settle(self, job: BoxJob, others: Others, stop: Stop) -> Settled:  # noqa: ARG002
        known = self._ledger.known.get(job)
        if known is None:
            known = settle_box(self._objectives, self._station.road(), job, stop)
            self._ledger.keep(known)
        return known


class Together:
    """Jobs done by a crew: the one asked for first, and what will likely be asked for next."""

    def __init__(self, objectives: Objectives, crew: Crew, ledger: Ledger) -> None:
        self.cpu_s = 0.0
        self._crew = crew
        self._ledger = ledger
        self._chains = Chains(objectives) if len(objectives.names) == 2 else None
        self._running: dict[Future[Any], BoxJob] = {}
        self._unsettled: dict[BoxJob, Settled] = {}
        self._failed: dict[BoxJob, FleetError] = {}

    def settle(self, job: BoxJob, others: Others, stop: Stop) -> Settled:
        late: float | None = None
        # Asked for now, it is tried again though it failed when it was only likely.
        self._failed.pop(job, None)
        while True:
            known = self._ledger.known.get(job) or self._unsettled.get(job)
            if known is not None:
                return known
            if job in self._failed:
                raise self._failed[job]
            reason = stop.reason()
            if reason is not None:
                late = late or time.monotonic()
                waits = reason == "time limit" and job in self._running.values()
                if not waits or time.monotonic() - late > _GRACE_S:
                    return given_up(job, reason)
            else:
                self._hand_out(job, others, stop)
            for future in self._crew.wait(list(self._running), _POLL_S):
                self._collect(future)

    def _hand_out(self, job: BoxJob, others: Others, stop: Stop) -> None:
        self._submit(job, stop)
        likely = self._likely(job, others)
        while len(self._running) < self._crew.slots:
            wanted = next(likely, None)
            if wanted is None:
                return
            self._submit(wanted, stop)

    def _submit(self, job: BoxJob, stop: Stop) -> None:
        if not self._taken(job):
            self._running[self._crew.submit(_Order(job, stop.left_s))] = job

    def _taken(self, job: BoxJob) -> bool:
        return (
            job in self._ledger.known
            or job in self._unsettled
            or job in self._failed
            or job in self._running.values()
        )

    def _likely(self, job: BoxJob, others: Others) -> Iterator[BoxJob]:
        """Worked out one by one, for as many workers as are idle."""
        if self._chains is None:
            yield from reversed(others())
            return
        while (more := self._chains.next(job, self._ledger.known, self._taken)) is not None:
            yield more

    def _collect(self, future: Future[Any]) -> None:
        job = self._running.pop(future)
        try:
            settled: Settled = future.result()
        except FleetError as error:
            self._failed[job] = error
            return
        self.cpu_s += settled.cpu_s
        if settled.whole:
            self._ledger.keep(settled)
        else:
            self._unsettled[job] = settled


@dataclass(frozen=True, slots=True)
class _Order:
    """A job as it travels to a worker."""

    job: BoxJob
    time_limit_s: float | None


@dataclass(frozen=True, eq=False)
class _Kit:
    """What a worker is given once.

    Crews were made for programs with several objectives: they ask a kit for its ``digest`` (two
    ends that differ in it have different versions) and build its ``milp`` anew in the worker, which
    makes arrays read-only there.
    """

    objectives: Objectives
    roads: Roads
    milp: FleetProblem = field(repr=False)

    @property
    def digest(self) -> str:
        """Of the question."""
        return problem_digest(self.objectives)


def fleet_crew(objectives: Objectives, roads: Roads, *, workers: int, dask: str | None) -> Crew:
    """Workers that settle boxes of one question; see ``open_crew``.

    Raises
    ------
    InstanceError
        If ``workers`` is less than 1, or goes together with ``dask``, or the address is malformed.
    EngineError
        If Dask is not installed, or its scheduler or workers cannot be used.
    """
    kit = _Kit(objectives, roads, objectives.space.problem)
    return open_crew(cast("Any", kit), cast("Any", _perform), workers=workers, dask=dask)


def _perform(kit: _Kit, order: _Order) -> Settled:
    """In the worker."""
    limit_s = order.time_limit_s
    stop = Stop(None if limit_s is None else time.monotonic() + limit_s)
    return settle_box(kit.objectives, _station(kit).road(), order.job, stop)


@functools.lru_cache(maxsize=4)
def _station(kit: _Kit) -> _Station:
    return _Station(kit.milp, kit.roads)
