"""A question about single pipelines as programs, one setting of microbatches at a time."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from formulations.milp import IntArray
from formulations.placement.chain_plan import value_of, violations
from formulations.placement.chain_program import LATENCY, PACE, PRICE, TIME
from formulations.placement.chain_registry import CHAIN_FORMULATIONS, get_chain_formulation
from solver.errors import EngineError, InstanceError
from solver.exchange.questions.posed import Choice, Goal, Posed, Told, told_choices
from solver.instance.placement.domain import PlacementInstance
from solver.instance.placement.resolved import resolved_placement
from solver.lowering.placement.describe import describe_chain
from solver.lowering.placement.space import MICRO, ChainSpace
from solver.sweep.placement.chain_space import Chains
from solver.sweep.placement.image import COST, SPEED, THROUGHPUT, UNITS
from solver.topology.paths import PS_PER_S

__all__ = ["ChainQuestion"]


class ChainQuestion:
    """See ``Question``; objectives are those of the chain formulations, in picoseconds and prices.

    Limits of the question on speed and cost are no rows of the program: bound its objectives.
    """

    kind = "placement"
    level_objective: str | None = None

    def __init__(self, instance: PlacementInstance, space: ChainSpace) -> None:
        self.instance, self.space = instance, space
        self.name, self.sha256 = instance.name, instance.sha256
        self._chains = Chains(space)
        self.settings: tuple[str, ...] = tuple(
            f"{s.microbatch},{s.in_flight}" for s in space.settings[: self._chains.n_settings]
        )
        self.default_objective = PRICE if COST in instance.trade_off else PACE
        self.default_formulation = next(
            (one.name for one in self.choices() if one.why_not is None), CHAIN_FORMULATIONS[0].name
        )

    def resolved(self) -> dict[str, Any]:
        """See ``Question.resolved``."""
        return resolved_placement(self.instance)

    def choices(self) -> tuple[Choice, ...]:
        """See ``Question.choices``."""
        return told_choices(CHAIN_FORMULATIONS, self._chains.tables(0))

    def goals(self) -> tuple[Goal, ...]:
        """All four, whichever of them a formulation has."""
        tables = self._chains.tables(0)
        stages = min(tables.layers, int(tables.count.sum()))
        latency = (stages + 1) * (
            int(tables.stage_time.max(initial=0)) + int(tables.hop_time.max(initial=0))
        )
        paces = [*tables.pace.ravel().tolist(), *tables.entry_pace.tolist(), 0]
        price = stages * int(tables.price.max(initial=0))
        return (
            Goal(PRICE, 0, price, "price of the hosts, in the unit of the tables"),
            Goal(TIME, 0, max(latency, *paces), "ps between two tokens of one user"),
            Goal(LATENCY, 0, latency, "ps for one token through all stages"),
            Goal(PACE, min(paces), max(paces), "ps of the slowest stage"),
        )

    def posed(self, formulation: str, *, setting: int, at_most: Mapping[str, int]) -> Posed:
        """See ``Question.posed``."""
        del at_most
        tables = self._chains.tables(setting)
        try:
            stated = get_chain_formulation(formulation).build(tables)
        except ValueError as error:
            raise InstanceError.one(
                str(error), where=f"--formulation {formulation}", mend="Name another formulation"
            ) from error

        def tell(x: IntArray) -> Told:
            try:
                plan = stated.decode(x)
            except ValueError as error:
                return Told(faults=(str(error),))
            faults = violations(tables, plan)
            if faults:
                return Told(faults=tuple(faults))
            value = value_of(tables, plan)
            exact = {
                LATENCY: value.latency, PACE: value.pace, PRICE: value.price, TIME: value.time
            }  # fmt: skip
            try:
                image = self._chains.image(setting, plan)
            except EngineError as error:
                return Told(faults=(str(error),), objectives=exact)
            if not self._chains.allows(image):
                faults.append("it breaks a limit of the question on speed or cost")
            return Told(
                faults=tuple(faults),
                objectives=exact,
                shown={
                    name: (_worth(name, value), UNITS[name][0])
                    for name, value in zip(self._chains.trade_off, image, strict=True)
                },
                design=describe_chain(self.space, setting, plan),
            )

        return Posed(stated.statement, tell, notes=self.space.notes)


def _worth(name: str, value: int | Fraction) -> Fraction:
    """An entry of an image in the unit people read."""
    if name == SPEED:
        return Fraction(PS_PER_S) / value
    return Fraction(-value, MICRO) if name == THROUGHPUT else Fraction(value)
