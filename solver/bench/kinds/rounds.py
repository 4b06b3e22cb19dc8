"""Fleets whose requests are routed: solve, learn the cuts that the counts break, solve again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from formulations.fleet.routing import Cut
from solver.bench.kinds.kind import Built
from solver.bench.kinds.level import Level
from solver.bench.kinds.outcome import Outcome
from solver.bench.kinds.program_run import run_program
from solver.engines.contract import Engine

__all__ = ["go_on"]

_SUMMED = ("cpu_s", "wall_s", "build_s", "nodes", "iterations", "ticks", "rounds")


def go_on(
    first: Outcome,
    built: Built,
    engine: Engine,
    level: Level,
    *,
    restate: Callable[[Sequence[Sequence[Cut]]], Built],
    time_limit_s: float,
) -> Outcome:
    """Further rounds until an optimum serves every class, or time is over; figures are sums.

    Parameters
    ----------
    first, built
        The first round and its statement, which has learned cuts.
    restate
        The program with cuts, one list for each routing.
    time_limit_s
        Wall clock of all rounds together.
    """
    outcome = first
    cuts: list[list[Cut]] = [[] for _ in built.learned[0]]
    while built.learned:
        for told in built.learned:
            for known, new in zip(cuts, told, strict=True):
                known.extend(new)
        left_s = time_limit_s - (outcome.wall_s or 0.0)
        if left_s <= 0:
            # The counts at hand serve nobody whole; the bound of a relaxation stays one.
            return replace(
                outcome, status="time_limit", incumbent=None, message="stopped between cuts"
            )
        built = restate(cuts)
        again = run_program(
            built.statement, engine, level,
            attained=built.attained, time_limit_s=left_s, build_s=0.0,
        )  # fmt: skip
        outcome = _joined(outcome, again)
    return outcome


def _joined(before: Outcome, after: Outcome) -> Outcome:
    """The later round, with the figures of both added up and its course of bounds put behind."""
    sums = {}
    for name in _SUMMED:
        told = [value for value in (getattr(before, name), getattr(after, name)) if value]
        sums[name] = sum(told) if told else getattr(after, name)
    spent_s = before.wall_s or 0.0
    course = tuple((at_s + spent_s, point, bound) for at_s, point, bound in after.trajectory)
    return replace(after, trajectory=course, **sums)
