"""Further questions to a fleet problem: the least of a measure over everything, or why not."""

from __future__ import annotations

import decimal
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import TypeAlias

import numpy as np

from formulations.fleet.plan import FleetPlan
from formulations.fleet.problem import FleetProblem
from solver.errors import EngineError
from solver.lowering.fleet.space import FleetSpace
from solver.sweep.fleet.roads import Box, Road, Stop

__all__ = ["Least", "MakeRoad", "as_text", "ask_least", "plain", "rounded_up", "without_rates"]

MakeRoad: TypeAlias = Callable[[FleetProblem], Road]
"""How a problem is solved; ``Road`` itself, or with a formulation or an engine chosen."""

_SHOWN_DIGITS = 6


@dataclass(frozen=True, slots=True, eq=False)
class Least:
    """What one question brought.

    Parameters
    ----------
    plan, value
        Of the best plan known; both ``None`` where there is none.
    unproved
        Why this is not proved; empty where it is: then no plan has less than ``value``, or there is
        no plan at all (below what was asked for).
    """

    plan: FleetPlan | None
    value: int | None
    unproved: str

    @property
    def none(self) -> bool:
        """Proved: no plan."""
        return self.plan is None and not self.unproved


def ask_least(
    problem: FleetProblem,
    measure: str,
    *,
    road: MakeRoad,
    stop: Stop,
    below: int | None = None,
    at_least: int | None = None,
) -> Least:
    """The least of ``measure`` over all plans of ``problem``.

    Parameters
    ----------
    below
        Only plans with less than this count.
    at_least
        A bound that is proved already.
    """
    reason = stop.reason()
    if reason is not None:
        return Least(None, None, reason)
    try:
        answer = road(problem).least(
            measure, Box({}, {}), stop=stop, below=below, at_least=at_least
        )
    except EngineError as error:
        return Least(None, None, f"no engine takes the question: {error}")
    return Least(answer.plan, answer.value, answer.stopped)


def without_rates(space: FleetSpace) -> FleetProblem:
    """The problem over all columns but a rate to be maximised.

    That column only takes; at 0 it stands in nobody's way.
    """
    kept = [j for j, column in enumerate(space.columns) if column.kind != "rate"]
    return space.problem.over(np.array(kept, dtype=np.intp))


def as_text(value: Fraction) -> str:
    """Exact text, ``p/q`` or a whole number."""
    return str(value)


def plain(value: Fraction) -> str:
    """For sentences: six digits, whole numbers whole."""
    return str(int(value)) if value.denominator == 1 else f"{float(value):.6g}"


def rounded_up(value: Fraction) -> float:
    """A number to be typed back: whole numbers whole, others in six digits and never less."""
    if value.denominator == 1:
        return float(value)
    context = decimal.Context(prec=_SHOWN_DIGITS, rounding=decimal.ROUND_CEILING)
    return float(
        context.divide(decimal.Decimal(value.numerator), decimal.Decimal(value.denominator))
    )
