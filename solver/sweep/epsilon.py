r"""The complete frontier of two integer objectives by epsilon-constraints, one unit at a time.

With :math:`f` (cost) and :math:`g` (latency) integer on the feasible set :math:`X`:

1. :math:`c = \min \{ f(x) : x \in X, g(x) \le \varepsilon \}`;
2. :math:`t = \min \{ g(x) : x \in X, f(x) \le c \}`; the point :math:`(t, c)` is nondominated;
3. :math:`\varepsilon \leftarrow t - 1`, which skips nothing as :math:`g` is an integer; again,
   until stage one is proved infeasible.

One solve may return a weakly dominated point; the second stage settles it. This is the
lexicographic epsilon-constraint method (Haimes, Lasdon and Wismer 1971; exactness by integrality as
in Chankong and Haimes 1983).

The sweep believes no engine further than it can check: a point must hold in integers and attain,
once decoded, exactly the value that the bound proves. It ends only on a proof of infeasibility.
Anything else leaves an open area and says why. If the engine is found to have proved something that
a later point refutes, points that it refutes are dropped and everything is open. A false proof
that no later point refutes cannot be noticed here; closing the boxes again with another engine is
what finds it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any, Protocol

import numpy as np

from formulations.milp import IntArray
from formulations.program import Statement
from solver.engines.contract import Engine, SolveResult, Termination
from solver.engines.guard import violation
from solver.sweep.outcome import (
    EmptyBox,
    OpenArea,
    PointProof,
    SweepOutcome,
    SweepPoint,
    SweepProgress,
)

__all__ = ["SweepProgram", "sweep"]


class SweepProgram(Protocol):
    """What the sweep needs of a program: a statement for engines, and the way back to a design."""

    @property
    def name(self) -> str:
        """For messages."""
        ...

    @property
    def statement(self) -> Statement:
        """What an engine loads."""
        ...

    def decode(self, x: IntArray) -> Any:
        """The design; raises ``ValueError`` where ``x`` is none."""
        ...

    def attained(self, x: IntArray) -> Mapping[str, int]:
        """Objectives of the design, from the problem itself; ``ValueError`` where ``x`` is none."""
        ...


class _Stop(Exception):  # noqa: N818  (not an error: the way out of the loop)
    """The sweep cannot go on; what is open depends on where it stands."""

    def __init__(self, reason: str, *, bound: int | None = None) -> None:
        super().__init__(reason)
        self.bound = bound
        """Proven bound of the solve that failed."""


class _Contradiction(Exception):  # noqa: N818
    """A point refutes something that the engine had proved."""

    def __init__(self, reason: str, *, latency: int, cost: int) -> None:
        super().__init__(reason)
        self.latency = latency
        self.cost = cost


def sweep(
    program: SweepProgram,
    engine: Engine,
    *,
    first: str = "cost",
    second: str = "latency",
    latency_max: int | None = None,
    cost_max: int | None = None,
    time_limit_s: float | None = None,
    on_progress: Callable[[SweepProgress], object] | None = None,
    should_stop: Callable[[], bool] | None = None,
    second_engine: Engine | None = None,
) -> SweepOutcome:
    """All nondominated (latency, cost) pairs of a program, with proofs.

    Parameters
    ----------
    first, second
        Objectives minimised in stages one and two, called cost and latency here.
    latency_max, cost_max
        Limits, inclusive; the frontier within them.
    time_limit_s
        For the whole sweep, wall clock; ``None`` for none.
    on_progress
        Called after every solve.
    should_stop
        Asked before every solve; a true answer acts like a limit.
    second_engine
        Asked the same question where an answer of ``engine`` does not hold; without one the sweep
        stops there.

    Returns
    -------
    SweepOutcome
        ``partial`` after any limit, Ctrl-C, crash or unknown status; points found stay.

    Raises
    ------
    EngineError
        If the engine refuses to load the program. Failures after that are part of the outcome.
    """
    run = _Run(program, engine, first, second, latency_max, cost_max, time_limit_s)
    run.on_progress, run.should_stop = on_progress, should_stop
    run.second_engine = second_engine
    return run.outcome()


class _Run:
    """State of one sweep; a point is added in one step, so an interrupt leaves it consistent."""

    on_progress: Callable[[SweepProgress], object] | None = None
    should_stop: Callable[[], bool] | None = None
    second_engine: Engine | None = None

    def __init__(
        self,
        program: SweepProgram,
        engine: Engine,
        first: str,
        second: str,
        latency_max: int | None,
        cost_max: int | None,
        time_limit_s: float | None,
    ) -> None:
        self._program = program
        self._engine = engine
        self._first = first
        self._second = second
        self._latency_max = latency_max
        self._cost_max = cost_max
        self._time_limit_s = time_limit_s
        self._began_s = time.perf_counter()
        self._points: list[SweepPoint] = []
        self._half: tuple[int, int, int] | None = None
        """Stage one done, stage two not: (points then, latency of its point, proven cost)."""
        self._solves = 0
        self._second_is_loaded = False

    def outcome(self) -> SweepOutcome:
        """Run to the end, whatever that is."""
        closed: EmptyBox | None = None
        open_areas: tuple[OpenArea, ...] = ()
        try:
            self._engine.load(self._program.statement)
            while closed is None:
                closed = self._step()
        except KeyboardInterrupt:
            open_areas = (self._open_area("interrupted", None),)
        except _Stop as stop:
            open_areas = (self._open_area(str(stop), stop.bound),)
        except _Contradiction as clash:
            # The engine proved something false once, so none of its proofs stands any more.
            self._points = [
                point
                for point in self._points
                if not (clash.latency <= point.latency and clash.cost <= point.cost)
            ]
            open_areas = (OpenArea(self._latency_max, None, str(clash)),)
        return SweepOutcome(
            program=self._program.name,
            engine=self._engine.name,
            latency_max=self._latency_max,
            cost_max=self._cost_max,
            points=tuple(self._points),
            closed=closed,
            open_areas=open_areas,
            solves=self._solves,
            runtime_s=time.perf_counter() - self._began_s,
        )

    @property
    def _epsilon(self) -> int | None:
        """Largest latency not yet dealt with."""
        return self._points[-1].latency - 1 if self._points else self._latency_max

    def _open_area(self, reason: str, bound: int | None) -> OpenArea:
        """What is open where the sweep stands; ``bound`` was proved by the solve that failed."""
        if self._half is not None and self._half[0] == len(self._points):
            # Stage one holds: whatever is slower than its point is no cheaper, hence no better.
            _, latency, cost = self._half
            return OpenArea(latency, cost, reason)
        known = [] if bound is None else [bound]
        if self._points:
            known.append(self._points[-1].cost + 1)
        return OpenArea(self._epsilon, max(known, default=None), reason)

    def _step(self) -> EmptyBox | None:
        """Find the next point, or return the proof that there is none."""
        epsilon = self._epsilon
        limits = {self._second: epsilon, self._first: self._cost_max}
        upper = {name: bound for name, bound in limits.items() if bound is not None}
        cheapest, _, attained = self._answer(self._first, upper)
        if cheapest.termination is Termination.INFEASIBLE:
            return EmptyBox(
                cheapest.proved_by,
                "infeasible",
                epsilon,
                None if self._cost_max is None else self._cost_max + 1,
            )
        cost = attained[self._first]
        self._half = len(self._points), attained[self._second], cost

        upper = {self._first: cost, self._second: attained[self._second]}
        held = attained[self._second]
        fastest, x, attained = self._answer(self._second, upper)
        if fastest.termination is Termination.INFEASIBLE:
            raise _Contradiction(
                f"{fastest.proved_by} denies the point (latency {held}, cost {cost}) that "
                f"{cheapest.proved_by} had found",
                latency=held,
                cost=cost,
            )
        latency = attained[self._second]
        self._points.append(
            SweepPoint(
                latency=latency,
                cost=cost,
                x=x,
                design=self._program.decode(x),
                proof=PointProof(
                    cheapest=EmptyBox(cheapest.proved_by, "bound", epsilon, cost),
                    fastest=EmptyBox(fastest.proved_by, "bound", latency - 1, cost + 1),
                ),
            )
        )
        return None

    def _refute(self, attained: Mapping[str, int]) -> None:
        """Raise where a point that holds is cheaper than an earlier proof allows."""
        latency, cost = attained[self._second], attained[self._first]
        denied = None
        if self._points and cost <= self._points[-1].cost:
            denied = f"below latency {self._points[-1].latency} at cost {self._points[-1].cost}"
        elif self._half is not None and self._half[0] == len(self._points) and cost < self._half[2]:
            denied = f"within latency {self._epsilon} below cost {self._half[2]}"
        if denied is not None:
            raise _Contradiction(
                f"{self._engine.name} found latency {latency} at cost {cost} after proving that "
                f"nothing lies {denied}",
                latency=latency,
                cost=cost,
            )

    def _answer(
        self, objective: str, upper: Mapping[str, int]
    ) -> tuple[SolveResult, IntArray, Mapping[str, int]]:
        """An answer that holds: its result, its point and what that attains.

        A proof of infeasibility comes with an empty point. What does not hold is asked again of the
        second engine, if there is one.
        """
        result = self._solve(self._engine, objective, upper)
        try:
            return self._held(result, objective, upper)
        except _Stop:
            limits = (Termination.TIME_LIMIT, Termination.INTERRUPTED)
            if self.second_engine is None or result.termination in limits:
                raise
        if not self._second_is_loaded:
            self.second_engine.load(self._program.statement)
            self._second_is_loaded = True
        result = self._solve(self.second_engine, objective, upper)
        return self._held(result, objective, upper)

    def _held(
        self, result: SolveResult, objective: str, upper: Mapping[str, int]
    ) -> tuple[SolveResult, IntArray, Mapping[str, int]]:
        if result.termination is Termination.INFEASIBLE:
            return result, np.zeros(0, dtype=np.int64), {}
        return (result, *self._proved(result, objective, upper))

    def _solve(self, engine: Engine, objective: str, upper: Mapping[str, int]) -> SolveResult:
        """One engine call; every way to fail becomes ``_Stop``."""
        if self.should_stop is not None and self.should_stop():
            raise _Stop("stopped on request")
        left_s = None
        if self._time_limit_s is not None:
            left_s = self._time_limit_s - (time.perf_counter() - self._began_s)
            if left_s <= 0:
                raise _Stop(f"the time limit of {self._time_limit_s:g} s was reached")
        self._solves += 1
        try:
            result = engine.minimise(objective, upper=upper, time_limit_s=left_s)
        except Exception as error:
            # A crash leaves a box open; it proves nothing.
            reason = f"{engine.name} failed minimising {objective!r}: {error!r}"
            raise _Stop(reason) from error
        if self.on_progress is not None:
            self.on_progress(
                SweepProgress(
                    points=len(self._points),
                    solves=self._solves,
                    latency_max=self._epsilon,
                    elapsed_s=time.perf_counter() - self._began_s,
                )
            )
        return result

    def _proved(
        self, result: SolveResult, objective: str, upper: Mapping[str, int]
    ) -> tuple[IntArray, Mapping[str, int]]:
        """The point of an optimal result and what its design attains, after checking both."""
        where = f"{result.proved_by} minimising {objective!r} under {dict(upper)}"
        fault, attained = self._fault(result, upper)
        if attained is not None:
            self._refute(attained)
        bound = None if fault is not None else result.dual_bound
        if attained is not None and bound is not None and attained[objective] < bound:
            fault, bound = f"its bound {bound} is refuted by its own point", None
        if result.termination is not Termination.OPTIMAL:
            reason = f"{where} stopped with {result.termination.value}: {result.message}"
            raise _Stop(reason if fault is None else f"{reason}; {fault}", bound=bound)
        if fault is not None or result.x is None or attained is None:
            raise _Stop(f"{where}: {fault or 'optimal without a point'}")
        if not (attained[objective] == result.objective == result.dual_bound):
            raise _Stop(
                f"{where}: its point attains {attained[objective]}, it reports "
                f"{result.objective}, it proves {result.dual_bound}"
            )
        return result.x, attained

    def _fault(
        self, result: SolveResult, upper: Mapping[str, int]
    ) -> tuple[str | None, Mapping[str, int] | None]:
        """What is wrong with the point of a result, and what its design attains."""
        if result.x is None:
            return None, None
        broken = violation(self._program.statement, result.x, upper)
        if broken is not None:
            return f"its point fails in integers: {broken}", None
        try:
            attained = self._program.attained(result.x)
        except ValueError as error:
            return f"its point is no design: {error}", None
        for name, value in upper.items():
            if attained[name] > value:
                return f"its design has {name} {attained[name]}, above {value}", None
        return None, attained
