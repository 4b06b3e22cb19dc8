"""One question about one box to an engine: the least weighted sum in it, and what that proves.

With all weights positive one solve does, as an optimum of a positive weighted sum inside a box is
nondominated. With a single one it is a lexicographic epsilon-constraint step (Haimes, Lasdon and
Wismer 1971): a second solve makes the point nondominated. An answer that does not hold in integers
proves nothing.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from formulations.moip.problem import MultiObjectiveProgram
from solver.engines.contract import Engine, SolveResult, Termination
from solver.engines.guard import objective_value, violation
from solver.sweep.moip.claims import Claim, Corner, FoundPoint, JobReport

__all__ = ["solve_box"]


def solve_box(
    program: MultiObjectiveProgram,
    engine: Engine,
    *,
    corner: Corner,
    weights: tuple[int, ...],
    time_limit_s: float | None,
) -> JobReport:
    """Minimise a weighted sum inside a box.

    Parameters
    ----------
    engine
        Has loaded the program.
    corner : (p,)
        Exclusive; a component at the program's ceiling is no bound.
    weights : (p,)
        All positive, or some zero: then the objectives weighed are left free of the box.

    Returns
    -------
    JobReport
        Without the processor time, which only the caller knows.
    """
    until_s = None if time_limit_s is None else time.perf_counter() + time_limit_s
    names, ceiling = program.objective_names, program.ceiling
    upper = {
        name: u - 1
        for name, u, top, weight in zip(names, corner, ceiling, weights, strict=True)
        # What an epsilon-constraint step minimises is left free: then the claim reaches further.
        if u < top and (all(weights) or not weight)
    }
    inquiry = _Inquiry(program, engine)
    first = inquiry.ask(_goal(names, weights), upper, time_limit_s)
    if first is None:
        return inquiry.report()
    reach = tuple(
        u if all(weights) or not weight else top
        for u, top, weight in zip(corner, ceiling, weights, strict=True)
    )
    inquiry.claims += _claims_of(first, reach, weights)
    if first.termination is not Termination.OPTIMAL or all(weights):
        return inquiry.report()
    image = inquiry.points[-1].image
    if any(v >= u for v, u in zip(image, corner, strict=True)):
        # Best in the objective that was left free, and yet outside: the box is empty.
        return inquiry.report()
    left_s = None if until_s is None else until_s - time.perf_counter()
    if left_s is not None and left_s <= 0:
        inquiry.stopped, inquiry.ended = "no time was left for stage two", Termination.TIME_LIMIT
        return inquiry.report()
    ones = (1,) * len(image)
    second = inquiry.ask(_goal(names, ones), dict(zip(names, image, strict=True)), left_s)
    if second is None:
        return inquiry.report()
    if second.termination is Termination.INFEASIBLE:
        inquiry.stopped = f"{second.proved_by} denies a point that it had found"
        inquiry.claims.clear()
        return inquiry.report()
    inquiry.claims += _claims_of(second, tuple(v + 1 for v in image), ones)
    return inquiry.report()


@dataclass
class _Inquiry:
    """What the one or two solves have said so far."""

    program: MultiObjectiveProgram
    engine: Engine
    points: list[FoundPoint] = field(default_factory=list)
    claims: list[Claim] = field(default_factory=list)
    solves: int = 0
    stopped: str | None = None
    ended: Termination | None = None

    def ask(
        self, goal: str | Mapping[str, int], upper: Mapping[str, int], time_limit_s: float | None
    ) -> SolveResult | None:
        """Ask the engine; keep its point and why it stopped.

        ``None`` where nothing it says can be used.
        """
        self.solves += 1
        result = _checked(self.program, self.engine, goal, upper, time_limit_s)
        if isinstance(result, str):
            self.stopped = result
            return None
        if result.x is not None:
            self.points.append(FoundPoint(self.program.image(result.x), result.x))
        if result.termination not in (Termination.OPTIMAL, Termination.INFEASIBLE):
            self.stopped = (
                f"{result.proved_by} stopped with {result.termination.value}: {result.message}"
            )
            self.ended = result.termination
        return result

    def report(self) -> JobReport:
        """What was learned."""
        return JobReport(
            points=tuple(self.points),
            claims=tuple(self.claims),
            solves=self.solves,
            cpu_s=0.0,
            stopped=self.stopped,
            interrupted=self.ended is Termination.INTERRUPTED,
            out_of_time=self.ended is Termination.TIME_LIMIT,
        )


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
