"""A throughput question as programs: the greatest flow of tokens through hosts that hold layers."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from formulations.milp import IntArray
from formulations.placement.plan import rate_of, violations
from formulations.placement.problem import THROUGHPUT
from formulations.placement.registry import FORMULATIONS, get_formulation
from solver.exchange.questions.posed import Choice, Goal, Posed, Told, told_choices
from solver.instance.placement.domain import PlacementInstance
from solver.instance.placement.resolved import resolved_placement
from solver.lowering.placement.describe_flow import describe_flow
from solver.lowering.placement.space import MICRO, FlowSpace
from solver.sweep.placement.flow_programs import shared_rows
from solver.sweep.placement.flow_routing import overrun_links

__all__ = ["FlowQuestion"]

_SHARED = "shared"


class FlowQuestion:
    """See ``Question``; the objective is minus the rate in micro-tokens/s."""

    kind = "placement"
    default_objective = THROUGHPUT
    level_objective: str | None = None
    settings: tuple[str, ...] = ()

    def __init__(self, instance: PlacementInstance, space: FlowSpace) -> None:
        self.instance, self.space = instance, space
        self.name, self.sha256 = instance.name, instance.sha256
        self._problem = space.problem.apart()
        self._shared = shared_rows(space)
        self.default_formulation = next(
            (one.name for one in self.choices() if one.why_not is None), FORMULATIONS[0].name
        )

    def resolved(self) -> dict[str, Any]:
        """See ``Question.resolved``."""
        return resolved_placement(self.instance)

    def choices(self) -> tuple[Choice, ...]:
        """Where pairs of hosts share links, those formulations that have rows for it."""
        found = []
        for choice, one in zip(
            told_choices(FORMULATIONS, self._problem), FORMULATIONS, strict=True
        ):
            knows = _SHARED in inspect.signature(one.builder()).parameters
            why = choice.why_not
            if why is None and self._shared and not knows:
                why = "it has no rows for links that several pairs of hosts share"
            found.append(Choice(choice.name, choice.kind, choice.summary, why))
        return tuple(found)

    def goals(self) -> tuple[Goal, ...]:
        """Minus the rate."""
        most = self._problem.work_bound()
        return (Goal(THROUGHPUT, -most, 0, "minus micro-tokens/s"),)

    def posed(self, formulation: str, *, setting: int, at_most: Mapping[str, int]) -> Posed:
        """See ``Question.posed``."""
        del setting, at_most
        builder = get_formulation(formulation).builder()
        more = {_SHARED: self._shared} if self._shared else {}
        stated = builder(self._problem, **more)

        def tell(x: IntArray) -> Told:
            try:
                plan = stated.decode(x)
            except ValueError as error:
                return Told(faults=(str(error),))
            faults = [*violations(self.space.problem, plan), *overrun_links(self.space, plan)]
            rate = rate_of(plan)
            return Told(
                faults=tuple(faults),
                objectives={THROUGHPUT: -rate},
                shown={THROUGHPUT: (Fraction(rate, MICRO), "tok/s")},
                design={} if faults else describe_flow(self.space, plan),
            )

        return Posed(stated.statement, tell, notes=self.space.notes)
