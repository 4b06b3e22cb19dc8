"""What users import: read a question, solve it, check an answer.

What only one kind of question needs is loaded with the first question of that kind.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, overload, runtime_checkable

from solver.errors import InstanceError
from solver.frontier import Frontier
from solver.instance.domain import ReplicaInstance
from solver.instance.fleet.columns import ColumnFleet
from solver.instance.fleet.domain import FleetInstance
from solver.instance.placement.domain import PlacementInstance
from solver.instance.reading import Question, read_any_instance
from solver.lowering.space import lower_replica
from solver.result import Result, kind_of, read_document, result_from_dict, result_to_dict
from solver.sweep.assemble import assemble
from solver.sweep.certificate import Verification, verify_document
from solver.sweep.conflict import explain_conflict
from solver.sweep.enumeration import enumerate_frontier
from solver.sweep.near import near_section, parse_tolerance, stopped_section
from solver.sweep.provenance import Stopwatch, provenance
from solver.sweep.strips import OpenRegion

if TYPE_CHECKING:
    from formulations.moip.problem import MultiObjectiveProgram
    from solver.economics_api import Economics
    from solver.economy_frontier import EconomyFrontier
    from solver.fleet_api import Progress
    from solver.fleet_frontier import FleetFrontier
    from solver.instance.economics import EconomicsTerms, StatedPreference
    from solver.nondominated import NondominatedSet
    from solver.placement_frontier import PlacementFrontier
    from solver.sweep.moip.outcome import SearchOutcome

__all__ = ["ENUMERATION", "economics", "formulation_names", "read_instance", "solve", "verify"]

ENUMERATION = "enumeration"
MOIP = "moip"
FLEET = "fleet"
PLACEMENT = "placement"


@runtime_checkable
class _Answer(Protocol):
    """A frontier or a nondominated set: what tells itself as a result document."""

    def to_dict(self) -> dict[str, Any]: ...


def formulation_names() -> tuple[str, ...]:
    """Roads to the replica frontier: ``enumeration`` (the default) and the programs."""
    from formulations.replica.registry import FORMULATIONS

    return (ENUMERATION, *(formulation.name for formulation in FORMULATIONS))


def read_instance(path: str | Path, *, settings: Mapping[str, Any] | None = None) -> Question:
    """Read an instance file: any kind of question (TOML), or bare fleet columns (JSON).

    Parameters
    ----------
    settings
        What-ifs laid over the file, dotted key to value: ``{"workload.context_tokens": 8192}``.

    Raises
    ------
    InstanceError
        With every fault of the file: where, what, how to mend.
    """
    return read_any_instance(Path(path), settings=settings)


@overload
def solve(
    instance: ReplicaInstance,
    *,
    formulation: str | None = ...,
    engine: str | None = ...,
    time_limit_s: float | None = ...,
    workers: int = ...,
    dask: str | None = ...,
    checkpoint: str | Path | None = ...,
    recover: bool = ...,
    tolerance: str | float | Fraction | None = ...,
    on_progress: Progress | None = ...,
    should_stop: Callable[[], bool] | None = ...,
) -> Frontier | EconomyFrontier: ...
@overload
def solve(
    instance: FleetInstance | ColumnFleet,
    *,
    formulation: str | None = ...,
    engine: str | None = ...,
    time_limit_s: float | None = ...,
    workers: int = ...,
    dask: str | None = ...,
    checkpoint: str | Path | None = ...,
    recover: bool = ...,
    tolerance: str | float | Fraction | None = ...,
    on_progress: Progress | None = ...,
    should_stop: Callable[[], bool] | None = ...,
) -> FleetFrontier: ...
@overload
def solve(
    instance: PlacementInstance,
    *,
    formulation: str | None = ...,
    engine: str | None = ...,
    time_limit_s: float | None = ...,
    workers: int = ...,
    dask: str | None = ...,
    checkpoint: str | Path | None = ...,
    recover: bool = ...,
    tolerance: str | float | Fraction | None = ...,
    on_progress: Progress | None = ...,
    should_stop: Callable[[], bool] | None = ...,
) -> PlacementFrontier: ...
@overload
def solve(
    instance: Question | str | Path,
    *,
    formulation: str | None = ...,
    engine: str | None = ...,
    time_limit_s: float | None = ...,
    workers: int = ...,
    dask: str | None = ...,
    checkpoint: str | Path | None = ...,
    recover: bool = ...,
    tolerance: str | float | Fraction | None = ...,
    on_progress: Progress | None = ...,
    should_stop: Callable[[], bool] | None = ...,
) -> Frontier | EconomyFrontier | FleetFrontier | PlacementFrontier: ...
def solve(
    instance: Question | str | Path,
    *,
    formulation: str | None = None,
    engine: str | None = None,
    time_limit_s: float | None = None,
    workers: int = 1,
    dask: str | None = None,
    checkpoint: str | Path | None = None,
    recover: bool = False,
    tolerance: str | float | Fraction | None = None,
    on_progress: Progress | None = None,
    should_stop: Callable[[], bool] | None = None,
) -> Frontier | EconomyFrontier | FleetFrontier | PlacementFrontier:
    """The complete Pareto frontier of a question, or an honest part of it.

    Parameters
    ----------
    instance
        A question, or the path of one.
    formulation
        Of a replica: ``enumeration`` (the default) evaluates the whole space; any other name states
        a program and sweeps it with an engine by epsilon-constraints (not where energy, power or
        quality is weighed, several models may serve or electricity is billed). Of a fleet:
        ``blocks`` or a program; left out, what settles a box first (``solver.sweep.fleet.roads``):
        blocks where the fleet separates, racks filled afterwards, else rack patterns or counts. Of
        a placement: ``labels`` (the default) or ``circuit`` for single pipelines, ``packing`` for
        several; for throughput alone ``flow`` (the default), ``arc_flow``, ``stage_assignment`` or
        ``patterns``.
    engine
        ``highs``, ``cp-sat`` or ``scip``; only for programs, which choose one if it is left out.
    time_limit_s
        Wall-clock limit; past it the frontier is ``partial`` and says where it is open.
    workers, dask
        Of a fleet: local processes, or the address of a Dask scheduler. A complete frontier is the
        same for any number of workers, plans included. A script that uses more than one has to
        guard its work with ``if __name__ == "__main__"``.
    checkpoint
        Of a fleet: file that every settled box is appended to; if it exists, the run goes on from
        it, to the frontier of a run that was never stopped.
    recover
        Keep the intact lines of a damaged checkpoint.
    tolerance
        Of a replica: also count and condense the designs within this relative distance of the
        frontier (``0.1``, ``"10%"``, ``"1/10"``; read exactly, 0.1 as one tenth): those that are,
        against some point, slower by at most this share of its speed and dearer by at most this
        share of its cost. They are under ``near``. This looks at every candidate once more, after
        the search, with a time limit of its own of the same length.
    on_progress
        Called with (done, to do) now and then; ``to do`` is 0 where it is not known.
    should_stop
        Asked now and then; a true answer acts like a limit.

    Raises
    ------
    FleetError
        If the question is malformed, unsupported, or too large for the chosen program, or the
        checkpoint or the workers cannot be used.
    """
    if isinstance(instance, str | Path):
        instance = read_instance(instance)
    if time_limit_s is not None and not time_limit_s > 0:
        raise InstanceError.one(
            f"a time limit of {time_limit_s} s leaves no time",
            where="--time-limit",
            mend="Give a positive number of seconds",
        )
    if recover and checkpoint is None:
        raise InstanceError.one(
            "there is no checkpoint to recover",
            where="--recover",
            mend="Name it with --checkpoint FILE",
        )
    share = None if tolerance is None else parse_tolerance(tolerance)
    if share is not None and not isinstance(instance, ReplicaInstance):
        raise InstanceError.one(
            "is for questions of kind replica; a fleet or a placement has no list of near designs",
            where="--tolerance",
            mend="Leave the option out",
        )
    if isinstance(instance, FleetInstance | ColumnFleet):
        from solver.fleet_api import solve_fleet

        return solve_fleet(
            instance,
            formulation,
            engine,
            time_limit_s,
            on_progress,
            should_stop,
            workers=workers,
            dask=dask,
            checkpoint=None if checkpoint is None else Path(checkpoint),
            recover=recover,
        )
    for option, given in (
        ("--workers", workers != 1),
        ("--dask", dask is not None),
        ("--checkpoint", checkpoint is not None),
    ):
        if given:
            raise InstanceError.one(
                "is for fleets; other frontiers are found in this process, in one go",
                where=option,
                mend="Leave the option out",
            )
    if isinstance(instance, PlacementInstance):
        from solver.placement_api import solve_placement_question

        return solve_placement_question(
            instance, formulation, engine, time_limit_s, on_progress, should_stop
        )
    if instance.is_economic:
        from solver.economy_api import solve_economy_question

        return solve_economy_question(
            instance,
            formulation,
            engine,
            time_limit_s,
            on_progress,
            should_stop,
            tolerance=share,
        )
    watch = Stopwatch()
    formulation = formulation or ENUMERATION
    if formulation == ENUMERATION:
        if engine is not None:
            raise InstanceError.one(
                f"enumeration uses no engine (got {engine!r})",
                where="--engine",
                mend="Name a program as well, for example --formulation column_selection",
            )
        result = _enumerate(instance, watch, time_limit_s, on_progress, should_stop)
    else:
        from solver.sweep.programs import sweep_replica

        result = sweep_replica(
            instance,
            formulation=formulation,
            engine_name=engine,
            watch=watch,
            time_limit_s=time_limit_s,
            on_progress=on_progress,
            should_stop=should_stop,
        )
    if share is not None:
        near = _near(instance, result, share, time_limit_s, on_progress, should_stop)
        result = replace(result, near=near)
    return Frontier(result)


def _near(
    instance: ReplicaInstance,
    result: Result,
    tolerance: Fraction,
    time_limit_s: float | None,
    on_progress: Progress | None,
    should_stop: Callable[[], bool] | None,
) -> dict[str, Any]:
    """The designs near the points of ``result``, or a note that the list was stopped."""
    from solver.report.choose import spread

    watch = Stopwatch()
    reason = ""

    def stopped() -> bool:
        nonlocal reason
        if should_stop is not None and should_stop():
            reason = "stopped by the user"
        elif time_limit_s is not None and watch.wall_s > time_limit_s:
            reason = f"time limit of {time_limit_s:g} s"
        return bool(reason)

    pairs = [(int(p.exact["latency_ps"]), Fraction(p.exact["cost"])) for p in result.points]
    try:
        section = near_section(
            lower_replica(instance),
            pairs,
            tolerance=tolerance,
            rows=spread(result),
            complete=result.status != "partial",
            should_stop=stopped,
            on_progress=on_progress,
        )
    except KeyboardInterrupt:
        section, reason = None, "interrupted"
    return stopped_section(tolerance, reason) if section is None else section


def _enumerate(
    instance: ReplicaInstance,
    watch: Stopwatch,
    time_limit_s: float | None,
    on_progress: Progress | None,
    should_stop: Callable[[], bool] | None,
) -> Result:
    space = lower_replica(instance)
    outcome = enumerate_frontier(
        space, time_limit_s=time_limit_s, on_progress=on_progress, should_stop=should_stop
    )
    regions = [OpenRegion(c.latency_ps, c.cost) for c in outcome.open_corners]
    conflict = None
    if not outcome.points and not regions:
        conflict = explain_conflict(space)
    return assemble(
        space,
        outcome.points,
        regions,
        closers=[(ENUMERATION, ENUMERATION)] * (len(outcome.points) + 1),
        reason=outcome.stopped_by or "",
        conflict=conflict,
        provenance=provenance(
            instance,
            watch,
            formulation=ENUMERATION,
            engine=None,
            solves=0,
            candidates={
                "stated": space.n_stated,
                "deployable": space.n_candidates,
                "evaluated": outcome.evaluated,
                "skipped_by_bound": outcome.skipped,
            },
        ),
    )


def verify(
    result: Frontier
    | EconomyFrontier
    | FleetFrontier
    | PlacementFrontier
    | NondominatedSet
    | Result
    | SearchOutcome
    | Mapping[str, Any]
    | str
    | Path,
    *,
    instance: Question | MultiObjectiveProgram | str | Path | None = None,
    reprove: bool = False,
    on_progress: Progress | None = None,
) -> Verification:
    """Check a result without trusting what produced it.

    Parameters
    ----------
    result
        A frontier, a nondominated set, a result document, or the path of a result file.
    instance
        The question it should answer; the copy inside the result if left out. For a nondominated
        set a program, or the path of one (moip JSON or MPS).
    reprove
        Also close every box once more with another engine than the one that closed it; of a fleet
        work out conflict and answers again, of a placement the conflict (of several pipelines the
        packing alone goes another way). What is not checked
        without it is told.

    Returns
    -------
    Verification
        True where every check passed; ``checks`` says what each one found.

    Raises
    ------
    FleetError
        If the file is not a result, or the instance cannot be read.
    """
    from solver.economy_api import is_economic_document, verify_economy_document

    if isinstance(result, _Answer):
        document: Mapping[str, Any] = result.to_dict()
    elif isinstance(result, Result):
        document = result_to_dict(result)
    elif isinstance(result, str | Path):
        document = read_document(Path(result))
        if kind_of(document) not in (MOIP, FLEET, PLACEMENT) and not is_economic_document(document):
            result_from_dict(document, where=str(result))
    elif isinstance(result, Mapping):
        document = result
    else:
        from solver.sweep.moip.document import outcome_to_dict

        document = outcome_to_dict(result)
    if kind_of(document) == MOIP:
        return _verify_moip(document, instance, reprove=reprove, on_progress=on_progress)
    if isinstance(instance, str | Path):
        instance = read_instance(instance)
    if kind_of(document) == FLEET:
        from solver.fleet_api import verify_fleet_document

        return verify_fleet_document(document, instance, reprove=reprove, on_progress=on_progress)
    if kind_of(document) == PLACEMENT:
        from solver.placement_api import verify_placement_document

        return verify_placement_document(
            document, instance, reprove=reprove, on_progress=on_progress
        )
    if is_economic_document(document):
        return verify_economy_document(document, instance, reprove=reprove, on_progress=on_progress)
    if instance is not None and not isinstance(instance, ReplicaInstance):
        raise InstanceError.one(
            "a question of another kind is not what this frontier answers",
            where="instance",
            mend="Give the question that was solved",
        )
    prover = None
    if reprove:
        from solver.sweep.reprove import engines_of, reprove_strips

        result_from_dict(document)  # refuses what is no result before it is looked into
        prover = partial(reprove_strips, used=engines_of(document), on_progress=on_progress)
    from solver.report.choose import spread

    return verify_document(
        document,
        instance=instance,
        reprove=prover,
        on_progress=on_progress,
        representatives=spread,
    )


def _verify_moip(
    document: Mapping[str, Any],
    instance: Question | MultiObjectiveProgram | str | Path | None,
    *,
    reprove: bool,
    on_progress: Progress | None,
) -> Verification:
    from solver.instance.moip import read_program
    from solver.sweep.moip.certificate import verify_moip
    from solver.sweep.moip.reprove import reprove_boxes

    if isinstance(instance, str | Path):
        instance = read_program(Path(instance))
    if isinstance(instance, Question):
        raise InstanceError.one(
            "a question of speed and cost is not what a nondominated set answers",
            where="instance",
            mend="Give the program that was solved",
        )
    prover = partial(reprove_boxes, on_progress=on_progress) if reprove else None
    return verify_moip(document, program=instance, reprove=prover, on_progress=on_progress)


def economics(
    instance: Question | str | Path,
    *,
    terms: EconomicsTerms | None = None,
    preferences: Sequence[StatedPreference] = (),
    layouts: Sequence[str] = (),
    levels: Sequence[Fraction] | None = None,
    sections: Sequence[str] = (),
    time_limit_s: float | None = None,
    on_progress: Progress | None = None,
    should_stop: Callable[[], bool] | None = None,
) -> Economics:
    """The economics of a replica or fleet: costs along load, break-even loads, recommendations.

    Parameters
    ----------
    instance
        A question, or the path of one.
    terms
        In place of the table ``[economics]`` of the question.
    preferences
        In place of those of the terms.
    layouts
        Of a replica: names of layouts to follow along concurrency beside the cheapest.
    levels
        Of a fleet: shares of the stated demand that are solved; 1/4 to 5/4 if left out.
    sections
        Parts to work out (``solver.economics.sections.SECTIONS``); all that the question can have
        if left out.
    time_limit_s
        For each frontier that a preference chooses from, and for the bills of services together.
    on_progress
        Called with (done, to do) now and then.
    should_stop
        Asked now and then; a true answer acts like a limit.

    Raises
    ------
    FleetError
        If the question, its terms or a preference are malformed or unsupported.
    """
    from solver.economics_api import study

    if isinstance(instance, str | Path):
        instance = read_instance(instance)

    def frontier(question: Question) -> Any:
        return solve(question, time_limit_s=time_limit_s, should_stop=should_stop)

    return study(
        instance,
        terms=terms,
        preferences=preferences,
        layouts=layouts,
        levels=levels,
        sections=sections,
        solve=frontier,
        time_limit_s=time_limit_s,
        on_progress=on_progress,
        should_stop=should_stop,
    )
