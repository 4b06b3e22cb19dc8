"""A replica question as programs: ranks of latency and cost over its candidates."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from functools import lru_cache
from typing import Any

from formulations.milp import IntArray
from formulations.replica.problem import COST, LATENCY
from formulations.replica.registry import FORMULATIONS, get_formulation
from solver.errors import InstanceError
from solver.exchange.questions.posed import Choice, Goal, Posed, Told, told_choices
from solver.instance.domain import ReplicaInstance
from solver.instance.resolved import resolved_instance
from solver.lowering.design import design_alone, evaluate_alone
from solver.lowering.families import PS_PER_S
from solver.lowering.program import ReplicaNumbers
from solver.lowering.space import lower_replica
from solver.sweep.programs import numbers_for

__all__ = ["ReplicaQuestion"]


class ReplicaQuestion:
    """See ``Question``; objectives are dense ranks, 0 the best attainable value of the list."""

    kind = "replica"
    default_formulation = "column_selection"
    default_objective = COST
    level_objective: str | None = LATENCY
    settings: tuple[str, ...] = ()

    def __init__(self, instance: ReplicaInstance) -> None:
        self.instance = instance
        self.name, self.sha256 = instance.name, instance.sha256
        self._space = lower_replica(instance)
        self._numbers = lru_cache(maxsize=2)(self._numbered)

    def _numbered(self, formulation: str) -> ReplicaNumbers:
        numbers, _ = numbers_for(self._space, formulation)
        if not numbers.problem.n_columns:
            raise InstanceError.one(
                "no design meets the limits, so that there is nothing to state",
                where=self.instance.source,
                mend="Solve it to see which limits conflict",
            )
        return numbers

    def resolved(self) -> dict[str, Any]:
        """See ``Question.resolved``."""
        return resolved_instance(self.instance)

    def choices(self) -> tuple[Choice, ...]:
        """See ``Question.choices``."""
        return told_choices(FORMULATIONS, self._numbers(self.default_formulation).problem)

    def goals(self) -> tuple[Goal, ...]:
        """Ranks, each with what its ends stand for."""
        numbers = self._numbers(self.default_formulation)
        slow, dear = numbers.latency_values, numbers.cost_values
        return (
            Goal(LATENCY, 0, len(slow) - 1, f"rank: {_speed(slow[0])} to {_speed(slow[-1])}"),
            Goal(COST, 0, len(dear) - 1,
                 f"rank: {float(dear[0]):.6g} to {float(dear[-1]):.6g} usd/Mtok"),
        )  # fmt: skip

    def posed(self, formulation: str, *, setting: int, at_most: Mapping[str, int]) -> Posed:
        """See ``Question.posed``."""
        del setting, at_most
        numbers = self._numbers(formulation)
        stated = get_formulation(formulation).build(numbers.problem)

        def tell(x: IntArray) -> Told:
            try:
                cell = stated.decode(x)
                ranks = stated.attained(x)
            except ValueError as error:
                return Told(faults=(str(error),))
            family, row, column = numbers.candidate(*cell)
            value = evaluate_alone(self._space, family, row, column)
            faults = [] if value.allowed else ["the design does not meet the limits"]
            expected = numbers.latency_values[ranks[LATENCY]], numbers.cost_values[ranks[COST]]
            if (value.latency_ps, value.cost) != expected:
                faults.append(f"the design's values {value} are not those of its ranks {ranks}")
            return Told(
                faults=tuple(faults),
                objectives=ranks,
                shown={
                    "speed": (Fraction(PS_PER_S, value.latency_ps), "tok/s/user"),
                    "cost": (value.cost, "usd/Mtok"),
                },
                design=design_alone(self._space, family, row, column),
            )

        return Posed(stated.statement, tell)


def _speed(latency_ps: int) -> str:
    return f"{PS_PER_S / latency_ps:.6g} tok/s/user"
