"""The greatest rate of a cluster: a plan, a bound, and who proved it.

Roads, cheapest first; each ends the search if plan and bound meet.

1. Cover bound: worths of machines against the price of a layer, in integers.
2. A chain of stages that meets it.
3. Team bound: machines are whole, and what they hold is connected.
4. Crossing bound, where links between regions bind.
5. The whole problem as a program (``arc_flow`` over twins), for a moment, where it is very small.
6. The fastest chain of stages below the bound.
7. Blocks of parallel tracks, where no link binds: often faster than stages.
8. Crossing bound again: it tries to meet the plan first.
9. The program of road 5 without hurry, where it is small enough.

After roads 3, 4 and 8 a chain and blocks are asked to meet a bound that is new.

A plan is always over single machines, its flow is routed over their own links in integers and
checked against the problem before it is handed out.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass

from formulations.placement.arc_flow import build_arc_flow, links_may_bind
from formulations.placement.max_flow import routed_plan
from formulations.placement.orbits import coarse_problem, twins
from formulations.placement.plan import HeldRange, PlacementPlan, rate_of, violations
from formulations.placement.position_flow import position_columns
from formulations.placement.problem import THROUGHPUT, PlacementProblem
from solver.engines import get_engine
from solver.engines.contract import Termination
from solver.errors import EngineError
from solver.sweep.placement.cover_bound import CoverBound, best_cover_bound
from solver.sweep.placement.crossing_bound import CrossingBound, best_crossing_bound
from solver.sweep.placement.engine_bound import EngineBound
from solver.sweep.placement.stage_search import fastest_chain
from solver.sweep.placement.team_bound import best_team_bound
from solver.sweep.placement.track_search import fast_tracks

__all__ = ["EngineBound", "PlacementOutcome", "Proof", "solve_placement"]

_MOST_PROGRAM_COLUMNS = 6_000
"""Above this the whole problem as a program closes nothing within minutes."""

_FEW_COLUMNS, _MOMENT_S = 600, 5.0
"""So small a program is asked early: the searches for chains and tracks end with the clock where no
plan meets their bounds."""

_SHARE, _LONGEST_S = 4, 60.0
"""The team bound takes no more than this part of the time that is left, and no longer."""


Proof = CoverBound | CrossingBound | EngineBound
"""``TeamBound`` is an ``EngineBound`` too."""


@dataclass(frozen=True, slots=True, eq=False)
class PlacementOutcome:
    """What is known of the greatest rate.

    Parameters
    ----------
    plan
        Over the single machines of the problem (``apart()``); without ranges where nothing flows.
    rate
        What flows, in the unit of the problem.
    proof
        What proves that nothing above ``proof.rate`` is possible.
    solves
        Programs solved.
    cpu_s, wall_s
        Time spent.
    """

    plan: PlacementPlan
    rate: int
    proof: Proof
    solves: int
    cpu_s: float
    wall_s: float

    @property
    def bound(self) -> int:
        """A rate that no plan exceeds."""
        return self.proof.rate

    @property
    def complete(self) -> bool:
        """Whether the plan is proved to be the fastest."""
        return self.rate == self.bound


class _Search:
    """The best plan and bound so far."""

    def __init__(self, problem: PlacementProblem, engine: str, time_limit_s: float) -> None:
        self.problem = problem.apart()
        self._engine = engine
        self._end_s = time.perf_counter() + time_limit_s
        self.plan = PlacementPlan((), {})
        self.proof: Proof = best_cover_bound(self.problem)
        self.solves = 0
        self._no_chain: int | None = None
        """Least rate at which no chain was found; the same for tracks below."""
        self._no_tracks: int | None = None

    @property
    def rate(self) -> int:
        return rate_of(self.plan)

    def is_over(self) -> bool:
        return self.rate == self.proof.rate or self.left_s() <= 0

    def left_s(self) -> float:
        return self._end_s - time.perf_counter()

    def take(self, plan: PlacementPlan) -> None:
        """Keep a plan that is faster, after checking it."""
        if rate_of(plan) <= self.rate:
            return
        faults = violations(self.problem, plan)
        if faults or rate_of(plan) > self.proof.rate:
            raise EngineError.one(
                f"a plan fails its check: {faults[0] if faults else 'faster than a proven bound'}",
                where=f"placement {self.problem.name}",
                mend="Report this with the instance",
            )
        self.plan = plan

    def chain_at_bound(self) -> None:
        self.by_chains(only_at_ceiling=True)

    def by_chains(self, *, only_at_ceiling: bool = False) -> None:
        ceiling = _below(self._no_chain, self.proof.rate)
        found = fastest_chain(
            self.problem,
            ceiling=ceiling,
            engine=get_engine(self._engine),
            time_limit_s=self.left_s(),
            only_at_ceiling=only_at_ceiling,
        )
        self.solves += found.solves
        if found.plan is None or rate_of(found.plan) < ceiling:
            self._no_chain = ceiling
        if found.plan is not None:
            self.take(found.plan)

    def by_tracks(self, *, only_at_ceiling: bool = False) -> None:
        ceiling = _below(self._no_tracks, self.proof.rate)
        plan, solves = fast_tracks(
            self.problem,
            reached=self.rate,
            ceiling=ceiling,
            engine=get_engine(self._engine),
            time_limit_s=self.left_s(),
            only_at_ceiling=only_at_ceiling,
        )
        self.solves += solves
        if plan is None or rate_of(plan) < ceiling:
            self._no_tracks = ceiling
        if plan is not None:
            self.take(plan)

    def by_teams(self) -> None:
        bound, solves = best_team_bound(
            self.problem,
            reached=self.rate,
            ceiling=self.proof.rate,
            engine=get_engine(self._engine),
            time_limit_s=min(self.left_s() / _SHARE, _LONGEST_S),
            in_place=True,
        )
        self.solves += solves
        if bound is not None:
            self._lower(bound)

    def by_crossing(self) -> None:
        bound = best_crossing_bound(self.problem, reached=self.rate, ceiling=self.proof.rate)
        if bound is not None and bound.rate < self.proof.rate:
            self._lower(bound)

    def _lower(self, proof: Proof) -> None:
        """Take a better bound, and ask for a plan that meets it: often there is one."""
        self.proof = proof
        for road in (self.by_chains, self.by_tracks):
            if not self.is_over():
                road(only_at_ceiling=True)

    def by_small_program(self) -> None:
        """A program of few columns first, for a moment: chains and tracks may search for long."""
        self.by_program(most_columns=_FEW_COLUMNS, most_s=_MOMENT_S)

    def by_program(
        self, *, most_columns: int = _MOST_PROGRAM_COLUMNS, most_s: float = math.inf
    ) -> None:
        """The program over twins: its plan, and its bound where it gives a better one."""
        groups = twins(self.problem)
        merged = coarse_problem(self.problem, groups, rounding="least")
        columns = _program_columns(merged, self.proof.rate)
        if position_columns(self.problem) < columns:
            # Twins told apart are fewer columns than pairs of ranges.
            groups = tuple((i,) for i in range(self.problem.n_machines))
            merged, columns = self.problem, position_columns(self.problem)
        if columns > most_columns:
            return
        stated = build_arc_flow(merged, ceiling=self.proof.rate)
        engine = get_engine(self._engine)
        engine.load(stated.statement)
        self.solves += 1
        left_s = min(self.left_s(), most_s)
        answer = engine.minimise(THROUGHPUT, upper={}, time_limit_s=left_s)
        if answer.termination is Termination.INFEASIBLE:
            raise EngineError.one(
                "calls a cluster infeasible that may stay idle",
                where=f"engine {answer.proved_by}, {stated.name}",
                mend="Report this with the instance",
            )
        if answer.dual_bound is not None and -answer.dual_bound < self.proof.rate:
            self.proof = EngineBound(max(0, -answer.dual_bound), answer.proved_by)
        if answer.x is not None:
            waiting = [list(members) for members in groups]
            ranges = [
                HeldRange(waiting[held.orbit].pop(0), held.first, held.layers)
                for held in stated.decode(answer.x).ranges
                for _ in range(held.machines)
            ]
            self.take(routed_plan(self.problem, ranges))


def _below(refused: int | None, ceiling: int) -> int:
    """The greatest rate up to ``ceiling`` that was not refused."""
    return ceiling if refused is None else min(ceiling, refused - 1)


def _program_columns(problem: PlacementProblem, ceiling: int) -> int:
    """About how many columns ``arc_flow`` would have."""
    starts = [
        sum(1 for o in range(problem.n_orbits) for k in problem.held(o) if p + k <= problem.layers)
        for p in range(problem.layers + 1)
    ]
    ends = starts[::-1]
    columns = 2 * sum(starts)
    if links_may_bind(problem, ceiling):
        columns += sum(ends[p] * starts[p] for p in range(1, problem.layers))
    return columns


def solve_placement(
    problem: PlacementProblem, *, engine: str = "cp-sat", time_limit_s: float = 120.0
) -> PlacementOutcome:
    """Find the fastest placement and prove it, or as much of both as time allows.

    Parameters
    ----------
    engine
        Name of the engine that solves the programs. Rates in micro-tokens are beyond what a float
        engine proves; CP-SAT is exact at any size.
    time_limit_s
        Wall-clock time, positive; the bounds of roads 1, 4 and 8 are not cut short.

    Raises
    ------
    EngineError
        If the engine is unknown, or an answer fails its check.
    ValueError
        If the time limit is not positive, or the problem has too many stage patterns.
    """
    if not time_limit_s > 0:
        raise ValueError(f"the time limit must be positive (got {time_limit_s})")
    wall_s, cpu_s = time.perf_counter(), time.process_time()
    search = _Search(problem, engine, time_limit_s)
    for road in (
        search.chain_at_bound,
        search.by_teams,
        search.by_crossing,
        search.by_small_program,
        search.by_chains,
        search.by_tracks,
        search.by_crossing,
        search.by_program,
    ):
        if search.is_over():
            break
        road()
    return PlacementOutcome(
        plan=search.plan,
        rate=search.rate,
        proof=search.proof,
        solves=search.solves,
        cpu_s=time.process_time() - cpu_s,
        wall_s=time.perf_counter() - wall_s,
    )
