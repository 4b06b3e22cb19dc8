"""The greatest flow by one formulation that was asked for by name, with what it proves itself.

``arc_flow`` and ``stage_assignment`` state the whole problem, shared links included: what the
engine proves of them holds for the question. ``patterns`` states chains of stages, a restriction:
it brings a plan, and the bound beside it is an argument in integers that knows nothing of chains.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from formulations.formulation import StatedProblem
from formulations.placement.arc_flow import build_arc_flow
from formulations.placement.max_flow import routed_plan
from formulations.placement.orbits import coarse_problem, twins
from formulations.placement.plan import HeldRange, PlacementPlan, rate_of, violations
from formulations.placement.position_flow import position_columns
from formulations.placement.problem import THROUGHPUT, PlacementProblem
from formulations.placement.shared_flow import SharedRow
from formulations.placement.stage_assignment import build_stage_assignment
from solver.engines import get_engine
from solver.engines.contract import Termination
from solver.errors import EngineError
from solver.lowering.placement.space import FlowSpace
from solver.sweep.placement.cover_bound import CoverBound, best_cover_bound
from solver.sweep.placement.engine_bound import EngineBound
from solver.sweep.placement.flow_routing import overrun_links, routed_within
from solver.sweep.placement.solve import Proof
from solver.sweep.placement.stage_search import fastest_chain

__all__ = [
    "ARC_FLOW", "PATTERNS", "PROGRAMS", "STAGE_ASSIGNMENT", "FlowFound", "by_patterns",
    "by_program", "is_small_enough", "shared_rows",
]  # fmt: skip

ARC_FLOW, STAGE_ASSIGNMENT, PATTERNS = "arc_flow", "stage_assignment", "patterns"
PROGRAMS = (ARC_FLOW, STAGE_ASSIGNMENT, PATTERNS)

_MOST_COLUMNS = 6_000
_FOREVER_S = 86_400.0 * 365
"""What no time limit means to a search that wants one."""
_LARGEST_SUM = 2**62
"""Beyond this sums leave the range in which CP-SAT is exact."""

Stated = StatedProblem[PlacementProblem, PlacementPlan]


@dataclass(frozen=True, slots=True, eq=False)
class FlowFound:
    """A plan of single machines within all links, shared ones too, and a bound on every plan.

    Parameters
    ----------
    engines
        That had a part.
    why
        What stopped the search before plan and bound met; ``None`` where they meet.
    """

    plan: PlacementPlan
    proof: Proof
    solves: int
    engines: tuple[str, ...]
    why: str | None

    @property
    def rate(self) -> int:
        """What flows, in micro-tokens/s."""
        return rate_of(self.plan)


def shared_rows(space: FlowSpace) -> tuple[SharedRow, ...]:
    """What pairs of hosts share, as rows: bytes a token times micro-tokens/s."""
    return tuple(SharedRow(link.capacity, link.users) for link in space.shared)


def is_small_enough(space: FlowSpace, ceiling: int) -> bool:
    """Whether ``arc_flow`` with shared links is worth a try where nobody asked for it.

    Its columns are few enough for minutes, and no sum could leave the range of the engine.
    """
    if position_columns(space.problem) > _MOST_COLUMNS:
        return False
    for row in shared_rows(space):
        divisor = math.gcd(*(weight for _, _, weight in row.users))
        reach = sum(weight // divisor for _, _, weight in row.users) * ceiling
        if reach * space.problem.layers >= _LARGEST_SUM:
            return False
    return True


def by_program(
    space: FlowSpace,
    formulation: str,
    *,
    engine: str,
    time_limit_s: float | None,
    known: FlowFound | None = None,
) -> FlowFound:
    """The whole problem as one program.

    Parameters
    ----------
    formulation
        ``ARC_FLOW`` or ``STAGE_ASSIGNMENT``.
    time_limit_s
        Positive; ``None`` for no limit.
    known
        A plan and a bound from elsewhere: only faster plans are asked for, up to the bound.
        Without, the engine is on its own; total work over layers stands in where it proves nothing.

    Raises
    ------
    EngineError
        If the engine cannot treat the program exactly, or an answer fails its check.
    """
    problem = space.problem.apart()
    start: Proof = CoverBound(problem.work_bound(), None)
    best = PlacementPlan((), {})
    if known is not None:
        start, best = known.proof, known.plan
    stated, groups = _stated(problem, formulation, shared_rows(space), start.rate)
    asked = get_engine(engine)
    asked.load(stated.statement)
    answer = asked.minimise(
        THROUGHPUT,
        upper={} if known is None else {THROUGHPUT: -(rate_of(best) + 1)},
        time_limit_s=time_limit_s,
    )
    proof = start
    if answer.termination is Termination.INFEASIBLE:
        if known is None:
            raise EngineError.one(
                "calls a cluster infeasible that may stay idle",
                where=f"engine {answer.proved_by}, {stated.name}",
                mend="Report this with the instance",
            )
        proof = EngineBound(rate_of(best), answer.proved_by, formulation)
    elif answer.dual_bound is not None and -answer.dual_bound < start.rate:
        proof = EngineBound(max(0, -answer.dual_bound), answer.proved_by, formulation)
    if answer.x is not None:
        plan = _on_machines(problem, stated.decode(answer.x), groups)
        best = _checked(space, max(plan, _routed_anew(space, plan), best, key=rate_of))
    if rate_of(best) > proof.rate:
        raise EngineError.one(
            "a plan is faster than a proven bound",
            where=f"engine {answer.proved_by}, {stated.name}",
            mend="Report this with the instance",
        )
    why = None
    if rate_of(best) != proof.rate:
        why = f"{engine} stopped on {formulation} with {answer.termination.value}"
    return FlowFound(best, proof, 1, (answer.proved_by,), why)


def by_patterns(space: FlowSpace, *, engine: str, time_limit_s: float | None) -> FlowFound:
    """The fastest chain of stages beside the cover bound.

    Raises
    ------
    EngineError
        If an answer fails its check.
    ValueError
        If stage patterns are too many.
    """
    problem = space.problem.apart()
    proof = best_cover_bound(problem)
    found = fastest_chain(
        problem,
        ceiling=proof.rate,
        engine=get_engine(engine),
        time_limit_s=_FOREVER_S if time_limit_s is None else time_limit_s,
    )
    plan = PlacementPlan((), {}) if found.plan is None else found.plan
    plan = _checked(space, routed_within(space, plan)[0])
    why = None
    if rate_of(plan) != proof.rate:
        why = "patterns state chains of stages only, and other plans may be faster"
    return FlowFound(plan, proof, found.solves, ("integers", engine), why)


def _stated(
    problem: PlacementProblem, formulation: str, shared: Sequence[SharedRow], ceiling: int
) -> tuple[Stated, tuple[tuple[int, ...], ...]]:
    """The program, and the machines behind each orbit of its plans."""
    groups: tuple[tuple[int, ...], ...] = tuple((i,) for i in range(problem.n_machines))
    if formulation == STAGE_ASSIGNMENT:
        return build_stage_assignment(problem, shared=shared), groups
    if formulation != ARC_FLOW:
        raise ValueError(f"{formulation} is no program of the whole problem")
    if shared:
        return build_arc_flow(problem, ceiling=ceiling, shared=shared), groups
    groups = twins(problem)
    return build_arc_flow(
        coarse_problem(problem, groups, rounding="least"), ceiling=ceiling
    ), groups


def _on_machines(
    problem: PlacementProblem, plan: PlacementPlan, groups: Sequence[Sequence[int]]
) -> PlacementPlan:
    """A plan of groups as one of single machines, routed over their own links."""
    if all(len(group) == 1 for group in groups):
        return plan
    waiting = [list(members) for members in groups]
    return routed_plan(
        problem,
        [
            HeldRange(waiting[held.orbit].pop(0), held.first, held.layers)
            for held in plan.ranges
            for _ in range(held.machines)
        ],
    )


def _routed_anew(space: FlowSpace, plan: PlacementPlan) -> PlacementPlan:
    """The greatest flow over the same ranges: more than the program's where it was stopped."""
    return routed_within(space, routed_plan(space.problem, list(plan.ranges)))[0]


def _checked(space: FlowSpace, plan: PlacementPlan) -> PlacementPlan:
    faults = [*violations(space.problem, plan), *overrun_links(space, plan)]
    if faults:
        raise EngineError.one(
            f"a plan fails its check: {faults[0]}",
            where=f"placement {space.problem.name}",
            mend="Report this with the instance",
        )
    return plan
