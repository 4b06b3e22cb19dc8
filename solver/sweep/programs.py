"""The replica frontier by programs: state, sweep with an engine, and carry the proofs over.

The sweep works on ranks. Going back to values keeps every proof: between two neighbouring ranks
there is no attainable value.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction

import numpy as np

from formulations.replica.registry import Formulation, get_formulation
from solver.engines import ENGINE_NAMES, get_engine
from solver.engines.contract import Engine
from solver.errors import EngineError, InstanceError
from solver.instance.domain import ReplicaInstance
from solver.lowering.program import MAX_CELLS, ReplicaNumbers, number_replica
from solver.lowering.space import ReplicaSpace, lower_replica
from solver.result import Conflict, Result
from solver.sweep.assemble import assemble
from solver.sweep.conflict import explain_conflict
from solver.sweep.enumeration import Candidate, enumerate_frontier
from solver.sweep.epsilon import sweep
from solver.sweep.outcome import SweepOutcome, SweepProgress
from solver.sweep.provenance import Stopwatch, provenance
from solver.sweep.scan import candidates_in_strips
from solver.sweep.strips import OpenRegion, strips

__all__ = ["MAX_COLUMNS", "numbers_for", "sweep_replica"]

MAX_COLUMNS = 20_000
"""Candidates that are written down one by one; above this only ``column_selection`` answers, over
the candidates that no other one beats."""
DEFAULT_ENGINE = {"milp": "highs", "cp": "cp-sat", "indicator": "cp-sat"}


def _formulation(name: str) -> Formulation:
    try:
        return get_formulation(name)
    except ValueError as error:
        raise InstanceError.one(
            str(error), where="--formulation", mend="Name one of them, or enumeration"
        ) from error


def _engine(name: str | None, formulation: Formulation) -> Engine:
    chosen = name or DEFAULT_ENGINE[formulation.kind]
    if chosen not in ENGINE_NAMES:
        raise EngineError.one(
            f"no engine is called {chosen!r}",
            where="--engine",
            mend=f"Choose from {', '.join(ENGINE_NAMES)}",
        )
    engine = get_engine(chosen)
    if formulation.kind not in engine.accepts:
        raise EngineError.one(
            f"{chosen} cannot read {formulation.name}",
            where="--engine",
            mend=f"Use {DEFAULT_ENGINE[formulation.kind]}, or another formulation",
        )
    return engine


def _fits_grid(n_layouts: int, space: ReplicaSpace) -> bool:
    """Whether the dense grid of a program stays within its bounds."""
    return n_layouts * len(space.instance.design.batch) <= MAX_CELLS


def numbers_for(space: ReplicaSpace, formulation: str) -> tuple[ReplicaNumbers, str]:
    """The numeric problem of a space, and which candidates it holds: ``all`` or ``nondominated``.

    Dropping candidates that another one beats leaves the frontier as it is.

    Raises
    ------
    InstanceError
        If the space is too large for this formulation.
    """
    if space.n_candidates <= MAX_COLUMNS and _fits_grid(space.n_layouts, space):
        return number_replica(space), "all"
    if formulation != "column_selection":
        raise InstanceError.one(
            f"{space.n_candidates:,} candidates are too many for {formulation} "
            f"(at most {MAX_COLUMNS:,})",
            where=f"{space.instance.source}: design",
            mend="Use enumeration (the default), or list fewer batches and degrees",
        )
    best = enumerate_frontier(space).points
    if not _fits_grid(len({(id(point.family), point.row) for point in best}), space):
        raise InstanceError.one(
            f"{len(best):,} nondominated candidates in a grid too large for a program",
            where=f"{space.instance.source}: design",
            mend="Use enumeration (the default), or list fewer batches and degrees",
        )
    return (
        number_replica(space, only=[(point.family, point.row, point.column) for point in best]),
        "nondominated",
    )


def _regions(outcome: SweepOutcome, numbers: ReplicaNumbers) -> list[OpenRegion]:
    """Open areas in values.

    An area may end at an incumbent that was not proved and so is no point. Without it the area
    reaches to just below the fastest point that is one.
    """
    fastest = outcome.points[-1].latency if outcome.points else None
    regions = []
    for area in outcome.open_areas:
        cost = Fraction(0)
        if area.cost_min is not None:
            cost = numbers.cost_values[min(max(area.cost_min, 0), len(numbers.cost_values) - 1)]
        latest = None
        if area.latency_max is not None and fastest is not None:
            latest = numbers.latency_values[fastest] - 1
            if area.latency_max >= fastest:
                rank = min(area.latency_max, len(numbers.latency_values) - 1)
                latest = numbers.latency_values[rank]
        regions.append(OpenRegion(0, cost, latest))
    return regions


def _candidates(
    space: ReplicaSpace, outcome: SweepOutcome, numbers: ReplicaNumbers
) -> list[Candidate]:
    """Points with their exact values, fastest first, each as the simplest of equal designs."""
    found = []
    problem = numbers.problem
    latency = problem.latency
    for point in reversed(outcome.points):
        equal = (latency == point.latency) & (problem.cost == point.cost) & problem.allowed
        family, row, column = min(
            (numbers.candidate(*cell) for cell in np.argwhere(equal).tolist()),
            key=lambda candidate: space.tie_key(*candidate),
        )
        found.append(
            Candidate(
                family,
                row,
                column,
                numbers.latency_values[point.latency],
                numbers.cost_values[point.cost],
            )
        )
    return found


def _closers(outcome: SweepOutcome) -> list[tuple[str, str]]:
    """Who closed each strip: the last proof for the fastest side, stage one of each point."""
    last = outcome.closed
    fastest_side = (last.engine, last.closed_by) if last else (outcome.engine, "open")
    proofs = [point.proof.cheapest for point in reversed(outcome.points)]
    return [fastest_side, *((proof.engine, proof.closed_by) for proof in proofs)]


def _second_engine(engine: Engine, formulation: Formulation) -> Engine | None:
    """CP-SAT, which reasons in integers, for what a float engine gets wrong."""
    if engine.name == "cp-sat" or formulation.kind != "milp":
        return None
    return get_engine("cp-sat")


def _refuted(
    space: ReplicaSpace, candidates: Sequence[Candidate], regions: Sequence[OpenRegion]
) -> list[OpenRegion]:
    """Candidates in strips that the engine called empty.

    A float engine can prove something false that none of its later points gives away; here all
    candidates are at hand, so its proofs are held against every one of them.
    """
    all_strips = strips([(point.latency_ps, point.cost) for point in candidates])
    closed = {
        index
        for index, strip in enumerate(all_strips)
        if not any(region.meets(strip) for region in regions)
    }
    missed = candidates_in_strips(space, all_strips, only=closed)
    return [OpenRegion(latency, cost) for _, latency, cost, *_ in missed]


def sweep_replica(
    instance: ReplicaInstance,
    *,
    formulation: str,
    engine_name: str | None,
    watch: Stopwatch,
    time_limit_s: float | None,
    on_progress: Callable[[int, int], None] | None,
    should_stop: Callable[[], bool] | None,
) -> Result:
    """Sweep one formulation with one engine; see ``solver.api.solve``."""
    chosen = _formulation(formulation)
    engine = _engine(engine_name, chosen)
    space = lower_replica(instance)
    numbers, columns = numbers_for(space, formulation)
    conflict: Conflict | None = None
    candidates: Sequence[Candidate] = ()
    regions: list[OpenRegion] = []
    closers: list[tuple[str, str]] = [(engine.name, "infeasible")]
    solves = 0
    reason = ""
    if numbers.problem.n_columns:

        def told(state: SweepProgress) -> None:
            if on_progress is not None:
                on_progress(state.points, 0)

        outcome = sweep(
            chosen.build(numbers.problem),
            engine,
            time_limit_s=time_limit_s,
            on_progress=told,
            should_stop=should_stop,
            second_engine=_second_engine(engine, chosen),
        )
        candidates = _candidates(space, outcome, numbers)
        regions = _regions(outcome, numbers)
        closers, solves = _closers(outcome), outcome.solves
        reasons = dict.fromkeys(area.reason for area in outcome.open_areas)
        refuted = _refuted(space, candidates, regions)
        if refuted:
            regions.extend(refuted)
            reasons[f"a proof of {engine.name} is refuted by a candidate it missed"] = None
        reason = "; ".join(reasons)
    used = {engine.name, *(name for name, _ in closers)}
    if not candidates and not regions:
        conflict = explain_conflict(space)
    return assemble(
        space,
        candidates,
        regions,
        closers=closers,
        reason=reason,
        conflict=conflict,
        provenance=provenance(
            instance,
            watch,
            formulation=formulation,
            engine={name: get_engine(name).version for name in sorted(used)},
            solves=solves,
            candidates={
                "stated": space.n_stated,
                "deployable": space.n_candidates,
                f"columns_{columns}": numbers.problem.n_columns,
            },
        ),
    )
