"""The three kinds of work on boxes, and how a worker does them.

A *listing* names boxes and directions, and lists every feasible image in the boxes by labels. A
*packing step* names a direction and the boxes it empties, or bounds a weighted sum over all. A
*solve* names one box and a weighted sum, and asks an engine for its minimum inside the box. All are
plain data that can be sent to another process; ``perform`` keeps what it built for a program
(engines, relaxation, conflict graph) for the jobs that follow.
"""

from __future__ import annotations

import contextlib
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

import numpy as np

from formulations.moip.problem import Image, MultiObjectiveProgram
from solver.engines import get_engine
from solver.engines.contract import Engine
from solver.engines.labels.directions import Direction, Directions
from solver.engines.labels.listing import Shortfall, list_boxes
from solver.engines.labels.packing import PackingSteps
from solver.engines.labels.packing_boxes import BoxGroup
from solver.errors import EngineError, FleetError
from solver.sweep.moip.box_solve import solve_box
from solver.sweep.moip.claims import Claim, Corner, FoundPoint, JobReport
from solver.sweep.moip.region import SearchRegion

__all__ = [
    "LABELS",
    "PACKING",
    "Job",
    "ListJob",
    "PackJob",
    "SolveJob",
    "directions_of",
    "heeding",
    "perform",
]

LABELS = "labels"
PACKING = "packing"
_PROGRAMS_KEPT = 4


@dataclass(frozen=True, slots=True)
class ListJob:
    """List the feasible images inside some boxes.

    Parameters
    ----------
    weights
        Of the directions that bound labels; the first also ranks them.
    corners
        Of the boxes, exclusive.
    width, beam, core, free
        See ``list_boxes``.
    """

    weights: tuple[tuple[int, ...], ...]
    corners: tuple[Corner, ...]
    width: int
    beam: int
    core: int | None
    free: int | None
    time_limit_s: float | None


@dataclass(frozen=True, slots=True)
class SolveJob:
    """Minimise a weighted sum inside a box.

    Parameters
    ----------
    corner, weights : (p,)
        See ``solve_box``.
    engine
        Name of an engine.
    """

    corner: Corner
    weights: tuple[int, ...]
    engine: str
    time_limit_s: float | None


@dataclass(frozen=True, slots=True)
class PackJob:
    """One step of a packing search; see ``solver.engines.labels.packing``.

    Parameters
    ----------
    corners
        Boxes; for a supported step all that are open.
    known
        Images of feasible points; good ones make the step short.
    """

    direction: tuple[int, ...]
    corners: tuple[Corner, ...]
    known: tuple[Image, ...]
    supported: bool
    time_limit_s: float | None


Job = ListJob | PackJob | SolveJob


@dataclass
class _Workshop:
    """What was built for one program in this process."""

    program: MultiObjectiveProgram
    engines: dict[str, Engine] = field(default_factory=dict)
    directions: Directions | None = None
    packing: PackingSteps | None = None

    def engine(self, name: str) -> Engine:
        if name not in self.engines:
            engine = get_engine(name)
            try:
                engine.load(self.program.milp)
            except FleetError:
                raise
            except Exception as error:
                raise EngineError.one(
                    f"failed to take the program: {error!r}",
                    where=f"engine {name}, {self.program.name}",
                    mend="Let another engine solve it",
                ) from error
            self.engines[name] = engine
        return self.engines[name]

    def packer(self) -> PackingSteps:
        if self.packing is None:
            self.packing = PackingSteps(self.program.milp)
        return self.packing

    def bounds(self) -> Directions:
        if self.directions is None:
            self.directions = Directions(self.program)
        return self.directions


_ASKED_TO_STOP: list[Callable[[], bool] | None] = []
_WORKSHOPS: OrderedDict[str, _Workshop] = OrderedDict()


def _workshop(program: MultiObjectiveProgram) -> _Workshop:
    key = program.digest
    if key not in _WORKSHOPS:
        while len(_WORKSHOPS) >= _PROGRAMS_KEPT:
            _WORKSHOPS.popitem(last=False)
        _WORKSHOPS[key] = _Workshop(program)
    _WORKSHOPS.move_to_end(key)
    return _WORKSHOPS[key]


def directions_of(program: MultiObjectiveProgram) -> Directions:
    """The bounds that listings of a program use in this process."""
    return _workshop(program).bounds()


def perform(program: MultiObjectiveProgram, job: Job) -> JobReport:
    """Do one job in this process.

    Nothing is raised but what makes the job impossible (an ``EngineError`` where an engine refuses
    the program); Ctrl-C and crashes of an engine are part of the report.
    """
    began_s = time.process_time()
    try:
        report = _performed(_workshop(program), job)
    except KeyboardInterrupt:
        # An engine caught in the middle may be in any state.
        _WORKSHOPS.pop(program.digest, None)
        report = JobReport((), (), 0, 0.0, stopped="interrupted", interrupted=True)
    return replace(report, cpu_s=time.process_time() - began_s)


def _performed(shop: _Workshop, job: Job) -> JobReport:
    if isinstance(job, ListJob):
        return _listed(shop, job)
    if isinstance(job, PackJob):
        return _packed(shop, job)
    return solve_box(
        shop.program,
        shop.engine(job.engine),
        corner=job.corner,
        weights=job.weights,
        time_limit_s=job.time_limit_s,
    )


def _listed(shop: _Workshop, job: ListJob) -> JobReport:
    directions = shop.bounds()
    used: list[Direction] = []
    for weights in job.weights:
        direction = directions.direction(weights)
        if direction is not None:
            used.append(direction)
    if not used:
        return JobReport((), (), 0, 0.0, stopped="the relaxation bounds none of the directions")
    corners = np.array(job.corners, dtype=np.int64)
    listing = list_boxes(
        directions,
        used,
        corners,
        width=job.width,
        beam=job.beam,
        core=job.core,
        free=job.free,
        should_stop=_limit(job.time_limit_s),
    )
    images = [tuple(image) for image in listing.images.tolist()]
    points = tuple(FoundPoint(image, x) for image, x in zip(images, listing.x, strict=True))
    if listing.shortfall is not None:
        late = listing.shortfall is Shortfall.STOPPED
        return JobReport(points, (), 0, 0.0, stopped=listing.shortfall.value, out_of_time=late)
    claims: list[Claim] = []
    for corner in job.corners:
        # What is left of the box around the images found in it holds nothing.
        left = SearchRegion(corner)
        left.insert(images)
        near: tuple[int, ...] | None = None
        bound: int | None = None
        if listing.reach is not None:
            near, bound = tuple(used[0].weights.tolist()), listing.reach + 1
        claims += [
            Claim(tuple(rest), near, bound, LABELS, "enumeration") for rest in left.corners.tolist()
        ]
    return JobReport(points, tuple(claims), 0, 0.0)


def _packed(shop: _Workshop, job: PackJob) -> JobReport:
    step = shop.packer().run(
        BoxGroup(
            np.array(job.direction, dtype=np.int64),
            np.array(job.corners, dtype=np.int64).reshape(-1, 2),
        ),
        np.array(job.known, dtype=np.int64).reshape(-1, 2),
        supported=job.supported,
        must_stop=_limit(job.time_limit_s),
    )
    images = [tuple(image) for image in step.images.tolist()]
    claims = [
        Claim(tuple(corner), None, None, PACKING, "enumeration") for corner in step.emptied.tolist()
    ]
    if step.bound is not None:
        ceiling = shop.program.ceiling
        claims.append(Claim(ceiling, job.direction, step.bound, PACKING, "bound"))
    return JobReport(
        points=tuple(FoundPoint(image, x) for image, x in zip(images, step.points, strict=True)),
        claims=tuple(claims),
        solves=0,
        cpu_s=0.0,
        stopped=None if step.finished else "the packing search was stopped",
        interrupted=step.interrupted,
        out_of_time=not step.finished,
    )


def _limit(time_limit_s: float | None) -> Callable[[], bool]:
    """Whether a job that runs in steps has to end: out of time, or asked to stop."""
    until_s = None if time_limit_s is None else time.perf_counter() + time_limit_s
    asked = _ASKED_TO_STOP[-1] if _ASKED_TO_STOP else None

    def over() -> bool:
        late = until_s is not None and time.perf_counter() > until_s
        return late or (asked is not None and asked())

    return over


@contextlib.contextmanager
def heeding(should_stop: Callable[[], bool] | None) -> Iterator[None]:
    """Let jobs that this process performs meanwhile end when ``should_stop`` says so."""
    _ASKED_TO_STOP.append(should_stop)
    try:
        yield
    finally:
        _ASKED_TO_STOP.pop()
