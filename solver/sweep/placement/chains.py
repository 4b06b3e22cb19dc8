"""Candidates for the frontier of single chains, by labels or by the circuit in CP-SAT.

Either road visits every setting. Labels give the nondominated chains of all settings at once. The
circuit is asked setting by setting for the least time under ever lower limits on the price (or on
the pace, where rates are measured), by whole numbers, until it is infeasible; it shares no code
with the labels, and is for small cases. A road that is stopped hands out the chains found so far.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from formulations.placement.chain_frontier import (
    cost_frontier,
    throughput_frontier,
    time_rate_frontier,
)
from formulations.placement.chain_labels import MOST_LABELS, LabelLimitError
from formulations.placement.chain_plan import ChainPlan, value_of
from formulations.placement.circuit import build_circuit
from solver.engines import get_engine
from solver.engines.contract import SolveResult, Termination
from solver.sweep.placement.chain_space import Chains, time_limit_ps
from solver.sweep.placement.halt import Halt
from solver.sweep.placement.image import COST

__all__ = ["CIRCUIT", "LABELS", "ChainsFound", "Progress", "find_chains"]

LABELS, CIRCUIT = "labels", "circuit"
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True, eq=False)
class ChainsFound:
    """What a road brings home.

    Parameters
    ----------
    chains
        (setting, plan); the nondominated ones of the question are among them, unless ``stopped``.
    stopped
        Why the search ended early; empty where it did not.
    engine, closed_by
        Who stands behind it, and how.
    """

    chains: list[tuple[int, ChainPlan]]
    stopped: str
    engine: str
    closed_by: Literal["enumeration", "infeasible"]
    solves: int


def find_chains(
    chains: Chains,
    *,
    formulation: str = LABELS,
    engine: str = "cp-sat",
    halt: Halt | None = None,
    on_progress: Progress | None = None,
    most_labels: int = MOST_LABELS,
) -> ChainsFound:
    """Chains that hold the whole frontier of a question, or part of it where stopped.

    Parameters
    ----------
    formulation
        ``labels`` or ``circuit``.
    engine
        For the circuit.
    on_progress
        Called with (done, to do).
    most_labels
        Labels held at once, at most.

    Raises
    ------
    ValueError
        If the formulation is unknown.
    """
    stop = Halt() if halt is None else halt
    if formulation == LABELS:
        return _by_labels(chains, stop, on_progress, most_labels)
    if formulation == CIRCUIT:
        return _by_circuit(chains, engine, stop, on_progress)
    raise ValueError(f"{formulation!r} is neither {LABELS} nor {CIRCUIT}")


def _by_labels(
    chains: Chains, halt: Halt, on_progress: Progress | None, most_labels: int
) -> ChainsFound:
    found: list[tuple[int, ChainPlan]] = []
    stopped = ""
    problem, tables = chains.space.problem, chains.space.tables

    def search() -> None:
        if problem is not None:
            ask = cost_frontier if chains.trade_off[-1] == COST else time_rate_frontier
            points = ask(
                problem, most_labels=most_labels, should_stop=halt, on_progress=on_progress
            )
            found.extend((point.setting, point.plan) for point in points)
        elif tables is not None:
            rated = throughput_frontier(
                tables, most_labels=most_labels, should_stop=halt, on_progress=on_progress
            )
            found.extend((0, point.plan) for point in rated)

    try:
        halt.run(search)
    except LabelLimitError as limit:
        # Stopped by the clock or the user, or out of room: what is known by then is kept.
        stopped = halt.reason() or str(limit)
        if problem is None:
            found.extend((0, plan) for plan in limit.plans)
        else:
            found.extend((point.setting, point.plan) for point in limit.points)
    return ChainsFound(found, stopped, LABELS, "enumeration", 0)


def _by_circuit(
    chains: Chains, engine: str, halt: Halt, on_progress: Progress | None
) -> ChainsFound:
    found: list[tuple[int, ChainPlan]] = []
    solves = 0
    for setting in range(chains.n_settings):
        sweep = _CircuitSweep(chains, setting, engine, halt)
        stopped = sweep.run()
        found += [(setting, plan) for plan in sweep.plans]
        solves += sweep.solves
        if stopped:
            return ChainsFound(found, stopped, engine, "infeasible", solves)
        if on_progress is not None:
            on_progress(setting + 1, chains.n_settings)
    return ChainsFound(found, "", engine, "infeasible", solves)


class _CircuitSweep:
    """The chains of one setting by epsilon-constraint on whole numbers."""

    def __init__(self, chains: Chains, setting: int, engine: str, halt: Halt) -> None:
        self.chains, self.halt = chains, halt
        self.tables = chains.tables(setting)
        self.measured = chains.space.problem is None
        self.first = "latency" if self.measured else "time"
        self.second = "pace" if self.measured else "price"
        # Without cost, one chain of the least time is all that a setting has to give.
        self.alone = not self.measured and chains.trade_off[-1] != COST
        self.program = build_circuit(self.tables)
        self.engine = get_engine(engine)
        self.engine.load(self.program.statement)
        self.plans: list[ChainPlan] = []
        self.solves = 0

    def run(self) -> str:
        """Fill ``plans``; why it ended early, empty where it did not."""
        slowest = time_limit_ps(self.chains.space)
        upper = {} if slowest is None else {self.first: slowest}
        while True:
            fastest = self._ask(self.first, upper)
            if isinstance(fastest, str) or fastest.termination is Termination.INFEASIBLE:
                return fastest if isinstance(fastest, str) else ""
            settled = fastest
            if not self.alone:
                # One solve may give a weakly dominated chain; the second settles it.
                least = {**upper, self.first: int(fastest.objective or 0)}
                answer = self._ask(self.second, least)
                if isinstance(answer, str):
                    return answer
                settled = answer
            if settled.x is None:
                return f"{settled.proved_by} calls infeasible what it has solved"
            self.plans.append(self.program.decode(settled.x))
            if self.alone:
                return ""
            value = value_of(self.tables, self.plans[-1])
            upper = {**upper, self.second: getattr(value, self.second) - 1}

    def _ask(self, goal: str, upper: dict[str, int]) -> SolveResult | str:
        """A result that settles the question, or why there is none."""
        reason = self.halt.reason()
        if reason is not None:
            return reason
        self.solves += 1
        result = self.engine.minimise(goal, upper=upper, time_limit_s=self.halt.left_s)
        if result.termination in (Termination.OPTIMAL, Termination.INFEASIBLE):
            return result
        if result.termination is Termination.INTERRUPTED:
            self.halt.interrupted = True
            return "interrupted"
        return self.halt.reason() or f"{result.proved_by} stopped with {result.termination.value}"
