"""The two kinds of work on boxes, and how a worker does them.

A *listing* names boxes and directions, and lists every feasible image in the boxes by labels. A
*solve* names one box and a weighted sum, and asks an engine for its minimum inside the box. Both
are plain data that can be sent to another process; ``perform`` keeps what it built for a program
(engines, relaxation) for the jobs that follow.
"""

from __future__ import annotations

import contextlib
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np

from formulations.moip.problem import Image, MultiObjectiveProgram
from solver.engines import get_engine
from solver.engines.contract import Engine, SolveResult, Termination
from solver.engines.guard import objective_value, violation
from solver.engines.labels.directions import Direction, Directions
from solver.engines.labels.listing import list_boxes
from solver.engines.labels.packing_steps import PackingSteps
from solver.errors import EngineError, FleetError
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
    weights : (p,)
        Where one is zero a second solve makes the point nondominated (lexicographic
        epsilon-constraint, Haimes, Lasdon and Wismer 1971); all positive ones need no second (an
        optimum of a positive weighted sum inside a box is nondominated).
    corner : (p,)
        Exclusive; a component at the program's ceiling is no bound.
    engine
        Name of an engine.
    """

    corner: Corner
    weights: tuple[int, ...]
    engine: str
    time_limit_s: float | None


@dataclass(frozen=True, slots=True)
class PackJob:
    """One step of a packing search; see ``packing_steps``.

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
    shop = _workshop(program)
    out_of_time = False
    try:
        if isinstance(job, ListJob):
            points, claims, stopped = _listed(shop, job)
            solves, interrupted = 0, False
        elif isinstance(job, PackJob):
            points, claims, stopped = _packed(shop, job)
            solves, interrupted = 0, False
            out_of_time = stopped is not None
        else:
            answer = _solved(shop, job)
            points, claims, solves, stopped = (
                answer.points,
                answer.claims,
                answer.solves,
                answer.stopped,
            )
            interrupted = answer.ended is Termination.INTERRUPTED
            out_of_time = answer.ended is Termination.TIME_LIMIT
    except KeyboardInterrupt:
        # An engine caught in the middle may be in any state.
        _WORKSHOPS.pop(program.digest, None)
        points, claims, solves, stopped, interrupted = [], [], 0, "interrupted", True
    return JobReport(
        points=tuple(points),
        claims=tuple(claims),
        solves=solves,
        cpu_s=time.process_time() - began_s,
        stopped=stopped,
        interrupted=interrupted,
        out_of_time=out_of_time,
    )


def _listed(shop: _Workshop, job: ListJob) -> tuple[list[FoundPoint], list[Claim], str | None]:
    directions = shop.bounds()
    used: list[Direction] = []
    for weights in job.weights:
        direction = directions.direction(weights)
        if direction is not None:
            used.append(direction)
    if not used:
        return [], [], "the relaxation bounds none of the directions"
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
    points = [FoundPoint(image, x) for image, x in zip(images, listing.x, strict=True)]
    if not listing.complete:
        return points, [], "labels had to be cut away"
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
    return points, claims, None


def _packed(shop: _Workshop, job: PackJob) -> tuple[list[FoundPoint], list[Claim], str | None]:
    step = shop.packer().run(
        job.direction,
        np.array(job.corners, dtype=np.int64).reshape(-1, 2),
        np.array(job.known, dtype=np.int64).reshape(-1, 2),
        supported=job.supported,
        must_stop=_limit(job.time_limit_s),
    )
    images = [tuple(image) for image in step.images.tolist()]
    points = [FoundPoint(image, x) for image, x in zip(images, step.points, strict=True)]
    claims = [
        Claim(tuple(corner), None, None, PACKING, "enumeration") for corner in step.emptied.tolist()
    ]
    if step.bound is not None:
        ceiling = shop.program.ceiling
        claims.append(Claim(ceiling, job.direction, step.bound, PACKING, "bound"))
    return points, claims, None if step.finished else "the packing search was stopped"


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


@dataclass
class _Answer:
    """What the one or two solves of a job say."""

    points: list[FoundPoint] = field(default_factory=list)
    claims: list[Claim] = field(default_factory=list)
    solves: int = 0
    stopped: str | None = None
    ended: Termination | None = None


def _solved(shop: _Workshop, job: SolveJob) -> _Answer:
    program = shop.program
    engine = shop.engine(job.engine)
    until_s = None if job.time_limit_s is None else time.perf_counter() + job.time_limit_s
    names, ceiling = program.objective_names, program.ceiling
    upper = {
        name: u - 1
        for name, u, top, weight in zip(names, job.corner, ceiling, job.weights, strict=True)
        # What an epsilon-constraint step minimises is left free: then the claim reaches further.
        if u < top and (all(job.weights) or not weight)
    }
    answer = _Answer()
    first = _ask(answer, program, engine, _goal(names, job.weights), upper, job.time_limit_s)
    if first is None:
        return answer
    reach = tuple(
        u if all(job.weights) or not weight else top
        for u, top, weight in zip(job.corner, ceiling, job.weights, strict=True)
    )
    answer.claims += _claims_of(first, reach, job.weights)
    if first.termination is not Termination.OPTIMAL or all(job.weights):
        return answer
    image = answer.points[-1].image
    if any(v >= u for v, u in zip(image, job.corner, strict=True)):
        # Best in the objective that was left free, and yet outside: the box is empty.
        return answer
    left_s = None if until_s is None else until_s - time.perf_counter()
    if left_s is not None and left_s <= 0:
        answer.stopped, answer.ended = "no time was left for stage two", Termination.TIME_LIMIT
        return answer
    ones = (1,) * len(image)
    held = dict(zip(names, image, strict=True))
    second = _ask(answer, program, engine, _goal(names, ones), held, left_s)
    if second is None:
        return answer
    if second.termination is Termination.INFEASIBLE:
        answer.stopped = f"{second.proved_by} denies a point that it had found"
        answer.claims.clear()
        return answer
    answer.claims += _claims_of(second, tuple(v + 1 for v in image), ones)
    return answer


def _ask(
    answer: _Answer,
    program: MultiObjectiveProgram,
    engine: Engine,
    goal: str | Mapping[str, int],
    upper: Mapping[str, int],
    time_limit_s: float | None,
) -> SolveResult | None:
    """Ask the engine; its point and why it stopped go into the answer.

    ``None`` where nothing it says can be used.
    """
    answer.solves += 1
    result = _checked(program, engine, goal, upper, time_limit_s)
    if isinstance(result, str):
        answer.stopped = result
        return None
    if result.x is not None:
        answer.points.append(FoundPoint(program.image(result.x), result.x))
    if result.termination not in (Termination.OPTIMAL, Termination.INFEASIBLE):
        answer.stopped = (
            f"{result.proved_by} stopped with {result.termination.value}: {result.message}"
        )
        answer.ended = result.termination
    return result


def _goal(names: tuple[str, ...], weights: tuple[int, ...]) -> str | Mapping[str, int]:
    used = {name: weight for name, weight in zip(names, weights, strict=True) if weight}
    if len(used) == 1 and 1 in used.values():
        return next(iter(used))
    return used


def _checked(
    program: MultiObjectiveProgram,
    engine: Engine,
    goal: str | Mapping[str, int],
    upper: Mapping[str, int],
    time_limit_s: float | None,
) -> SolveResult | str:
    """The answer of an engine, or why there is none that can be used."""
    try:
        result = engine.minimise(goal, upper=upper, time_limit_s=time_limit_s)
    except Exception as error:  # noqa: BLE001  (a crash leaves a box open; it proves nothing)
        return f"{engine.name} failed: {error!r}"
    if result.x is None:
        if result.termination is Termination.OPTIMAL:
            return f"{engine.name} speaks of an optimum and shows no point"
        return result
    if result.termination is Termination.INFEASIBLE:
        return f"{engine.name} shows a point of what it calls infeasible"
    # An engine whose point does not hold is not believed about its bound either.
    broken = violation(program.milp, result.x, upper)
    if broken is not None:
        return f"{engine.name}: its point fails in integers: {broken}"
    value = objective_value(program.milp, goal, result.x)
    if value != result.objective:
        return f"{engine.name}: its point has the value {value}, not {result.objective}"
    if result.dual_bound is not None and result.dual_bound > value:
        return f"{engine.name}: its bound {result.dual_bound} lies above its point {value}"
    if result.termination is Termination.OPTIMAL and result.dual_bound != value:
        return f"{engine.name}: its bound {result.dual_bound} does not meet its point {value}"
    return result


def _claims_of(result: SolveResult, corner: Corner, weights: tuple[int, ...]) -> list[Claim]:
    if result.termination is Termination.INFEASIBLE:
        return [Claim(corner, None, None, result.proved_by, "infeasible")]
    if result.dual_bound is None or result.termination is Termination.OTHER:
        return []
    return [Claim(corner, weights, result.dual_bound, result.proved_by, "bound")]
